"""Our augmentation layers for text."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import text

_IDS = np.random.default_rng(0).integers(0, 9, (8, 12)).astype("int32")
_NO_GRADIENT = {
    "fits_without_jit": "token ids have no gradient; trained before an Embedding in tests/augmentation",
    "fits_with_jit": "token ids have no gradient; trained before an Embedding in tests/augmentation",
}

AUGMENTATION_TEXT = [
    Instance(
        "token-dropout",
        "layer",
        text.TokenDropout,
        {
            "rate": 0.5,
            "replacement_id": None,
            "special_ids": [2],
            "pad_id": 0,
            "vocabulary_size": 9,
            "probability": 0.9,
            "seed": 1,
        },
        {"inputs": _IDS, "training_only": True, "zero_strength": text.TokenDropout(0.0)},
        text.TokenDropout.RANGES,
        _NO_GRADIENT,
    ),
    Instance(
        "span-cutoff",
        "layer",
        text.SpanCutoff,
        {"rate": 0.5, "replacement_id": 1, "special_ids": (2,), "pad_id": None, "seed": 1},
        {"inputs": _IDS, "training_only": True, "zero_strength": text.SpanCutoff(0.0)},
        text.SpanCutoff.RANGES,
        _NO_GRADIENT,
    ),
    Instance(
        "token-swap",
        "layer",
        text.TokenSwap,
        {"rate": 0.6, "window": 2, "special_ids": [2], "seed": 1},
        {"inputs": _IDS.astype("int16"), "training_only": True, "zero_strength": text.TokenSwap(0.0)},
        text.TokenSwap.RANGES,
        _NO_GRADIENT,
    ),
    Instance(
        "token-mask",
        "layer",
        text.TokenMask,
        {
            "mask_id": 3,
            "vocabulary_size": 9,
            "rate": 0.5,
            "mask_token_rate": 0.5,
            "random_token_rate": 0.4,
            "special_ids": [2],
            "seed": 1,
        },
        {"inputs": _IDS, "training_only": True, "zero_strength": text.TokenMask(3, 9, rate=0.0)},
        text.TokenMask.RANGES,
        _NO_GRADIENT,
    ),
]
