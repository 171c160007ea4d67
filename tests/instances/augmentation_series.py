"""Our augmentation layers for series."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import time_series

_SERIES = np.random.default_rng(0).normal(size=(8, 24, 6)).astype("float32")


def _row(name, factory, nothing=None, **arguments):
    check = {"inputs": _SERIES, "training_only": True}
    if nothing is not None:
        check["zero_strength"] = factory(**nothing)
    return Instance(name, "layer", factory, {**arguments, "probability": 0.9, "seed": 1}, check, factory.RANGES)


AUGMENTATION_SERIES = [
    _row("jitter", time_series.Jitter, {"stddev": 0}, stddev=0.1),
    _row("scaling", time_series.Scaling, {"stddev": 0}, stddev=0.2),
    _row("magnitude-warp", time_series.MagnitudeWarp, {"stddev": 0}, stddev=0.3, knots=3),
    _row("time-warp", time_series.TimeWarp, {"stddev": 0}, stddev=0.3, knots=3),
    _row("window-slice", time_series.WindowSlice, {"ratio": 1.0}, ratio=0.7),
    _row("window-warp", time_series.WindowWarp, {"scales": [1.0]}, window_ratio=0.4, scales=(0.5, 3)),
    _row("permutation", time_series.Permutation, {"segments": 1}, segments=3, min_length=2, cuts="random"),
    _row("rotation-of-series", time_series.Rotation, {"kind": "turn", "max_angle": 0}, kind="turn", max_angle=90.0),
    _row("frequency-mask", time_series.FrequencyMask, {"max_width": 0}, max_width=0.5),
    Instance(
        "compose-of-series",
        "layer",
        time_series.Compose,
        {
            "augmentations": [
                time_series.Rotation(name="axes"),
                time_series.Jitter(0.1, probability=0.5, name="noise"),
            ],
            "seed": 1,
        },
        {"inputs": _SERIES, "training_only": True},
        time_series.Compose.RANGES,
    ),
]
