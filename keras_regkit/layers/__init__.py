"""Layers that regularize: noise, normalization, residual branches."""

from keras_regkit.layers.concrete_dropout import ConcreteDropout
from keras_regkit.layers.depth_rates import depth_rates
from keras_regkit.layers.drop_block import DropBlock
from keras_regkit.layers.drop_connect import DropConnect
from keras_regkit.layers.drop_path import DropPath
from keras_regkit.layers.dropout import Dropout
from keras_regkit.layers.embedding_dropout import EmbeddingDropout
from keras_regkit.layers.filter_response_normalization import FilterResponseNormalization
from keras_regkit.layers.ghost_batch_normalization import GhostBatchNormalization
from keras_regkit.layers.locked_dropout import LockedDropout
from keras_regkit.layers.patch_dropout import PatchDropout
from keras_regkit.layers.shake_drop import ShakeDrop
from keras_regkit.layers.shake_shake import ShakeShake
from keras_regkit.layers.spectral_normalization import SpectralNormalization
from keras_regkit.layers.stochastic_depth import StochasticDepth
from keras_regkit.layers.weight_normalization import WeightNormalization
from keras_regkit.layers.weight_standardization import WeightStandardization
from keras_regkit.layers.word_dropout import WordDropout
from keras_regkit.layers.zoneout import Zoneout

__all__ = [
    "ConcreteDropout",
    "DropBlock",
    "DropConnect",
    "DropPath",
    "Dropout",
    "EmbeddingDropout",
    "FilterResponseNormalization",
    "GhostBatchNormalization",
    "LockedDropout",
    "PatchDropout",
    "ShakeDrop",
    "ShakeShake",
    "SpectralNormalization",
    "StochasticDepth",
    "WeightNormalization",
    "WeightStandardization",
    "WordDropout",
    "Zoneout",
    "depth_rates",
]
