"""Our augmentation policies."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation.image import AugMix, AutoAugment, RandAugment, TrivialAugment

_IMAGES = np.random.default_rng(0).uniform(0, 255, size=(8, 6, 5, 3)).astype("float32")
_SHARED = {
    "value_range": (0, 255),
    "fill_mode": "reflect",
    "fill_value": None,
    "interpolation": "nearest",
    "probability": 0.9,
    "data_format": "channels_last",
    "seed": 1,
}
_CHECK = {"inputs": _IMAGES, "training_only": True}

AUGMENTATION_POLICIES = [
    Instance(
        "rand-augment",
        "layer",
        RandAugment,
        {"n": 2, "m": 9, "mstd": 0.5, "operations": None, "bounding_box_format": "xyxy", **_SHARED},
        {**_CHECK, "zero_strength": RandAugment(probability=0.0)},
        RandAugment.RANGES,
    ),
    Instance(
        "trivial-augment",
        "layer",
        TrivialAugment,
        {"operations": ["rotate", "sharpness"], "bounding_box_format": None, **_SHARED, "interpolation": "bilinear"},
        {**_CHECK, "zero_strength": TrivialAugment(probability=0.0)},
        TrivialAugment.RANGES,
    ),
    Instance(
        "auto-augment",
        "layer",
        AutoAugment,
        {"policy": "imagenet", "bounding_box_format": None, **_SHARED, "fill_mode": "constant"},
        {**_CHECK, "zero_strength": AutoAugment("cifar10", probability=0.0)},
        AutoAugment.RANGES,
    ),
    Instance(
        "aug-mix",
        "layer",
        AugMix,
        {"severity": 3, "width": 2, "depth": 1, "alpha": 1.0, **_SHARED},
        {**_CHECK, "zero_strength": AugMix(width=1, depth=1, probability=0.0)},
        AugMix.RANGES,
    ),
]
