"""Our residual layers."""

import keras
import numpy as np

from instances.instance import Instance
from keras_regkit import layers, strengths

# A tuple: a PyDataset of lists is nothing that TensorFlow takes.
_BRANCHES = tuple(np.random.default_rng(0).normal(size=(2, 8, 5, 3)).astype("float32"))

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
    Instance(
        "shake-shake",
        "layer",
        layers.ShakeShake,
        {"mode": "sample", "seed": 1},
        {"inputs": _BRANCHES},
        layers.ShakeShake.RANGES,
    ),
    Instance(
        "shake-shake-batch",
        "layer",
        layers.ShakeShake,
        {"mode": "batch", "seed": 1},
        {"inputs": _BRANCHES},
        layers.ShakeShake.RANGES,
    ),
    Instance(
        "shake-drop",
        "layer",
        layers.ShakeDrop,
        {"rate": 0.5, "mode": "sample", "seed": 1},
        {"input_shape": (5, 3), "zero_strength": layers.ShakeDrop(0.0)},
        layers.ShakeDrop.RANGES,
    ),
    Instance(
        "shake-drop-batch-on-a-schedule",
        "layer",
        layers.ShakeDrop,
        {"rate": strengths.Linear(0.4, 0.6, steps=10), "mode": "batch", "seed": 1},
        {"input_shape": (5, 3), "zero_strength": layers.ShakeDrop(0, mode="batch")},
        layers.ShakeDrop.RANGES,
    ),
]
