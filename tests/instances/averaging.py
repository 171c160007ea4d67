"""Our callbacks that average weights."""

import keras

from instances.data import X, Y
from instances.instance import Instance
from keras_regkit import callbacks


def normalized():
    """A model with batch normalization, whose statistics must fit the averaged weights."""
    inputs = keras.Input((4,))
    x = keras.layers.BatchNormalization()(keras.layers.Dense(3)(inputs))
    return keras.Model(inputs, keras.layers.Dense(1)(x))


AVERAGING = [
    *(
        Instance(
            f"weight-averaging-{kind.replace(' ', '-')}",
            "callback",
            callbacks.WeightAveraging,
            {"kind": kind},
            {"data": (X, Y)},
            ranges=callbacks.WeightAveraging.RANGES,
        )
        for kind in ("ema", "swa", "top-k", "greedy soup")
    ),
    Instance(
        "weight-averaging-with-batch-norm",
        "callback",
        callbacks.WeightAveraging,
        {"kind": "swa", "train": X, "update_every": 1},
        {"make_model": normalized},
        ranges=callbacks.WeightAveraging.RANGES,
    ),
    Instance(
        "weight-averaging-of-batch-norm",
        "callback",
        callbacks.WeightAveraging,
        {"kind": "ema"},
        {"make_model": normalized},
        ranges=callbacks.WeightAveraging.RANGES,
    ),
    Instance(
        "snapshot-ensemble",
        "callback",
        callbacks.SnapshotEnsemble,
        {"cycles": 3},
        ranges=callbacks.SnapshotEnsemble.RANGES,
    ),
]
