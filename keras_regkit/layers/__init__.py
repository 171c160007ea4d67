"""Layers that regularize: noise, normalization, residual branches."""

from keras_regkit.layers.depth_rates import depth_rates
from keras_regkit.layers.drop_path import DropPath
from keras_regkit.layers.dropout import Dropout
from keras_regkit.layers.stochastic_depth import StochasticDepth

__all__ = [
    "DropPath",
    "Dropout",
    "StochasticDepth",
    "depth_rates",
]
