"""Components of Keras, to see that the checks accept what is good."""

import keras

from instances.data import ONE_HOT, PROBABILITIES
from instances.instance import Instance

STOCK = [
    Instance(
        "keras-dropout",
        "layer",
        keras.layers.Dropout,
        {"rate": 0.5, "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": keras.layers.Dropout(0.0)},
    ),
    Instance(
        "keras-gaussian-noise",
        "layer",
        keras.layers.GaussianNoise,
        {"stddev": 0.3},
        {"input_shape": (6,), "training_only": True, "zero_strength": keras.layers.GaussianNoise(0.0)},
    ),
    Instance(
        "keras-batch-normalization",
        "layer",
        keras.layers.BatchNormalization,
        {"momentum": 0.9},
        {"input_shape": (5, 3)},
    ),
    Instance(
        "keras-l2",
        "regularizer",
        keras.regularizers.L2,
        {"l2": 0.01},
        {"zero_strength": keras.regularizers.L2(0.0)},
    ),
    Instance("keras-max-norm", "constraint", keras.constraints.MaxNorm, {"max_value": 0.5, "axis": 0}),
    Instance(
        "keras-categorical-crossentropy",
        "loss",
        keras.losses.CategoricalCrossentropy,
        {"label_smoothing": 0.1},
        {"y_true": ONE_HOT, "y_pred": PROBABILITIES},
    ),
    Instance("keras-early-stopping", "callback", keras.callbacks.EarlyStopping, {"patience": 1}),
]
