"""Our callbacks."""

from instances.data import X, Y
from instances.instance import Instance
from keras_regkit import callbacks

CALLBACKS = [
    Instance(
        "early-stopping",
        "callback",
        callbacks.EarlyStopping,
        {"monitor": "val_loss", "patience": 1},
        ranges=callbacks.EarlyStopping.RANGES,
    ),
    Instance(
        "gap-monitor",
        "callback",
        callbacks.GapMonitor,
        {"train": (X, Y), "validation": (X, Y)},
        {"data": (X, Y)},
        ranges=callbacks.GapMonitor.RANGES,
    ),
    Instance(
        "gap-monitor-of-val-loss",
        "callback",
        callbacks.GapMonitor,
        {"train": (X, Y)},
        {"data": (X, Y)},
        ranges=callbacks.GapMonitor.RANGES,
    ),
]
