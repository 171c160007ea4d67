"""Penalties on weights and on activations, for `kernel_regularizer=` and its siblings.

Pass them as objects, `Dense(8, kernel_regularizer=GroupLasso(0.01))`; as a class with its defaults,
`kernel_regularizer=GroupLasso`; or by registered name, where Keras wants the config beside it:
`kernel_regularizer={"class_name": "keras_regkit>GroupLasso", "config": {"strength": 0.01}}`. A bare string Keras
looks up among its own regularizers only.
"""

from keras_regkit.regularizers.activity_l2 import ActivityL2
from keras_regkit.regularizers.decorrelation import Decorrelation
from keras_regkit.regularizers.fisher_information import fisher_information
from keras_regkit.regularizers.group_lasso import GroupLasso
from keras_regkit.regularizers.hoyer import Hoyer
from keras_regkit.regularizers.kl_sparsity import KLSparsity
from keras_regkit.regularizers.l2_sp import L2SP
from keras_regkit.regularizers.mcp import MCP
from keras_regkit.regularizers.orthogonal import Orthogonal
from keras_regkit.regularizers.prox import prox
from keras_regkit.regularizers.scad import SCAD
from keras_regkit.regularizers.scheduled import Scheduled
from keras_regkit.regularizers.sparse_group_lasso import SparseGroupLasso
from keras_regkit.regularizers.spectral_norm import SpectralNorm
from keras_regkit.regularizers.temporal_activity_l2 import TemporalActivityL2
from keras_regkit.regularizers.total_variation import TotalVariation
from keras_regkit.regularizers.weighted_l2 import WeightedL2

__all__ = [
    "L2SP",
    "MCP",
    "SCAD",
    "ActivityL2",
    "Decorrelation",
    "GroupLasso",
    "Hoyer",
    "KLSparsity",
    "Orthogonal",
    "Scheduled",
    "SparseGroupLasso",
    "SpectralNorm",
    "TemporalActivityL2",
    "TotalVariation",
    "WeightedL2",
    "fisher_information",
    "prox",
]
