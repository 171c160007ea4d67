"""Our residual layers."""

import keras
from instances.instance import Instance

from keras_regkit import layers

RESIDUAL_LAYERS = [
    Instance(
        "drop-path",
        "layer",
        layers.DropPath,
        {"rate": 0.5, "mode": "sample", "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": layers.DropPath(0.0)},
        layers.DropPath.RANGES,
    ),
    Instance(
        "drop-path-batch",
        "layer",
        layers.DropPath,
        {"rate": 0.5, "mode": "batch", "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": layers.DropPath(0, mode="batch")},
        layers.DropPath.RANGES,
    ),
    Instance(
        "stochastic-depth",
        "layer",
        layers.StochasticDepth,
        {"branch": keras.layers.Dense(3, activation="tanh"), "rate": 0.5, "seed": 1},
        {"input_shape": (5, 3)},
        layers.StochasticDepth.RANGES,
    ),
]
