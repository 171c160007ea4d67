"""Our mixing layers."""

import numpy as np

from instances.instance import Instance
from keras_regkit import strengths
from keras_regkit.augmentation import mixing
from keras_regkit.augmentation.image import RandomErasing

_RANDOM = np.random.default_rng(0)
_IMAGES = _RANDOM.normal(size=(8, 6, 5, 3)).astype("float32")
_LABELS = np.eye(4, dtype="float32")[np.arange(8) % 4]
_INPUTS = {"images": _IMAGES, "labels": _LABELS}
_EXEMPT = {
    "dtype_follows_policy": "labels keep their own dtype under every policy; samples are tested in tests/augmentation",
}

AUGMENTATION_MIXING = [
    Instance(
        "mix-up",
        "layer",
        mixing.MixUp,
        {"alpha": 0.4, "num_classes": 4, "per": "batch", "probability": 0.9, "labels": "dense", "seed": 1},
        {"inputs": _INPUTS, "training_only": True, "zero_strength": mixing.MixUp(probability=0)},
        mixing.MixUp.RANGES,
        _EXEMPT,
    ),
    Instance(
        "mix-up-of-tables-on-a-schedule",
        "layer",
        mixing.MixUp,
        {"alpha": strengths.Linear(0.4, 0.8, steps=10), "seed": 1},
        {
            "inputs": {"images": _IMAGES[:, 0, 0], "labels": _LABELS, "sample_weight": np.ones((8,), "float32")},
            "training_only": True,
        },
        mixing.MixUp.RANGES,
        _EXEMPT,
    ),
    Instance(
        "cut-mix",
        "layer",
        mixing.CutMix,
        {
            "alpha": 1.0,
            "num_classes": None,
            "per": "sample",
            "probability": 0.9,
            "labels": "dense",
            "data_format": "channels_last",
            "seed": 1,
        },
        {"inputs": _INPUTS, "training_only": True, "zero_strength": mixing.CutMix(probability=0)},
        mixing.CutMix.RANGES,
        _EXEMPT,
    ),
    Instance(
        "mix-up-cut-mix",
        "layer",
        mixing.MixUpCutMix,
        {
            "mixup_alpha": 0.4,
            "cutmix_alpha": strengths.Linear(0.5, 1.0, steps=10),
            "switch_probability": 0.4,
            "num_classes": 4,
            "per": "sample",
            "probability": 1.0,
            "labels": "dense",
            "data_format": None,
            "seed": 1,
            "erasing": RandomErasing(fill_value="mean", value_range=(-4, 4)),
        },
        {"inputs": _INPUTS, "training_only": True, "zero_strength": mixing.MixUpCutMix(probability=0)},
        mixing.MixUpCutMix.RANGES,
        _EXEMPT,
    ),
]
