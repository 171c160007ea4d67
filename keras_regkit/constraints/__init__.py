"""Constraints: what a weight must look like after each step."""

from keras_regkit.constraints.l1_ball import L1Ball
from keras_regkit.constraints.l2_ball import L2Ball
from keras_regkit.constraints.max_norm import MaxNorm
from keras_regkit.constraints.nm_sparsity import NMSparsity
from keras_regkit.constraints.orthonormal import Orthonormal
from keras_regkit.constraints.simplex import Simplex
from keras_regkit.constraints.spectral_norm import SpectralNorm
from keras_regkit.constraints.top_k_sparsity import TopKSparsity

__all__ = [
    "L1Ball",
    "L2Ball",
    "MaxNorm",
    "NMSparsity",
    "Orthonormal",
    "Simplex",
    "SpectralNorm",
    "TopKSparsity",
]
