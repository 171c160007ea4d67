"""Our noise layers."""

import keras
from instances.instance import Instance

from keras_regkit import layers, strengths

NOISE_LAYERS = [
    Instance(
        "dropout",
        "layer",
        layers.Dropout,
        {"rate": 0.5, "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": layers.Dropout(0.0)},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-noise-shape",
        "layer",
        layers.Dropout,
        {"rate": 0.5, "noise_shape": (None, 1, None), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-on-a-schedule",
        "layer",
        layers.Dropout,
        {"rate": strengths.Linear(0.4, 0.6, steps=10), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-on-a-keras-schedule",
        "layer",
        layers.Dropout,
        {"rate": keras.optimizers.schedules.CosineDecay(0.5, 10), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
]
