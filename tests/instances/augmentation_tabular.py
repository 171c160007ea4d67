"""Our augmentation layers for tabular."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import tabular

_RANDOM = np.random.default_rng(0)
_ROWS = np.concatenate([_RANDOM.normal(size=(8, 3)), _RANDOM.integers(0, 3, (8, 1))], axis=1).astype("float32")

AUGMENTATION_TABULAR = [
    Instance(
        "swap-noise",
        "layer",
        tabular.SwapNoise,
        {"rate": 0.4, "frozen": [1], "probability": 0.9, "seed": 1},
        {"inputs": _ROWS, "training_only": True, "zero_strength": tabular.SwapNoise(0.0)},
        tabular.SwapNoise.RANGES,
    ),
    Instance(
        "feature-dropout",
        "layer",
        tabular.FeatureDropout,
        {"rate": 0.4, "fill_value": "mean", "categorical": [3], "seed": 1},
        {"inputs": _ROWS, "training_only": True, "zero_strength": tabular.FeatureDropout(0.0)},
        tabular.FeatureDropout.RANGES,
    ),
    Instance(
        "gaussian-jitter",
        "layer",
        tabular.GaussianJitter,
        {"stddev": 0.1, "scales": [1.0, 2.0, 0.5, 1], "categorical": (3,), "seed": 1},
        {"inputs": _ROWS, "training_only": True, "zero_strength": tabular.GaussianJitter(0.0)},
        tabular.GaussianJitter.RANGES,
    ),
    Instance(
        "categorical-resample",
        "layer",
        tabular.CategoricalResample,
        {"categorical": [2, 3], "rate": 0.6, "frequencies": [None, [1, 2, 3]], "seed": 1},
        {"inputs": _ROWS, "training_only": True, "zero_strength": tabular.CategoricalResample([3], rate=0.0)},
        tabular.CategoricalResample.RANGES,
    ),
    Instance(
        "mixed-mix-up",
        "layer",
        tabular.MixedMixUp,
        {
            "alpha": 0.4,
            "categorical": [3],
            "num_classes": None,
            "per": "sample",
            "probability": 0.9,
            "labels": "dense",
            "seed": 1,
        },
        {
            "inputs": {"images": _ROWS, "labels": np.eye(4, dtype="float32")[np.arange(8) % 4]},
            "training_only": True,
            "zero_strength": tabular.MixedMixUp(probability=0),
        },
        tabular.MixedMixUp.RANGES,
        {"dtype_follows_policy": "labels keep their own dtype; rows are tested in tests/augmentation"},
    ),
]
