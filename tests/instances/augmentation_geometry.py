"""Our ops that move the pixels of images, and the pipeline that they go into."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import image

_IMAGES = np.random.default_rng(0).uniform(0, 1, (8, 6, 5, 3)).astype("float32")
_SHARED = {"probability": 0.9, "data_format": "channels_last", "bounding_box_format": "xyxy", "seed": 1}
_FILL = {"fill_mode": "nearest", "fill_value": 0.5, "interpolation": "bilinear"}
_WITH_MASKS = {"images": _IMAGES, "segmentation_masks": (_IMAGES[..., :1] * 5).astype("int32")}


def _row(name, factory, arguments, zero_strength, inputs=_IMAGES, **options):
    check = {"inputs": inputs, "training_only": True, "zero_strength": zero_strength, **options}
    return Instance(name, "layer", factory, arguments, check, factory.RANGES)


AUGMENTATION_GEOMETRY = [
    _row("random-flip", image.RandomFlip, {"mode": "horizontal", **_SHARED}, image.RandomFlip(probability=0.0)),
    _row(
        "random-rotation",
        image.RandomRotation,
        {"factor": (-0.1, 0.2), **_FILL, **_SHARED},
        image.RandomRotation(0.0),
    ),
    _row(
        "random-rotation-with-masks",
        image.RandomRotation,
        {"factor": 0.2, **_FILL, **_SHARED},
        image.RandomRotation(0.0),
        _WITH_MASKS,
    ),
    _row(
        "random-zoom",
        image.RandomZoom,
        {"height_factor": 0.3, "width_factor": (-0.2, 0.1), **_FILL, **_SHARED},
        image.RandomZoom(0.0),
    ),
    _row(
        "random-translation",
        image.RandomTranslation,
        {"height_factor": 0.3, "width_factor": (-0.2, 0.1), **_FILL, **_SHARED},
        image.RandomTranslation(0.0, 0.0),
    ),
    _row(
        "random-shear",
        image.RandomShear,
        {"x_factor": 0.3, "y_factor": (0.1, 0.2), **_FILL, **_SHARED},
        image.RandomShear(),
    ),
    _row(
        "random-perspective",
        image.RandomPerspective,
        {"factor": (0.5, 1.0), "scale": 0.4, **_FILL, **_SHARED},
        image.RandomPerspective(factor=0.0),
    ),
    _row(
        "random-affine",
        image.RandomAffine,
        {
            "rotation_factor": 0.1,
            "zoom_factor": (-0.1, 0.3),
            "translation_factor": 0.1,
            "shear_factor": 0.2,
            **_FILL,
            **_SHARED,
        },
        image.RandomAffine(),
    ),
    Instance(
        "random-crop",
        "layer",
        image.RandomCrop,
        {"height": 4, "width": 3, **_SHARED},
        {"inputs": _IMAGES},
        image.RandomCrop.RANGES,
    ),
    Instance(
        "random-resized-crop",
        "layer",
        image.RandomResizedCrop,
        {
            "height": 4,
            "width": 7,
            "scale": (0.3, 0.9),
            "ratio": (0.5, 1.5),
            "interpolation": "bilinear",
            **_SHARED,
        },
        {"inputs": _IMAGES},
        image.RandomResizedCrop.RANGES,
    ),
    Instance(
        "compose",
        "layer",
        image.Compose,
        {
            "augmentations": [image.RandomFlip(), image.RandomRotation(0.1), image.RandomContrast(0.2)],
            "value_range": (0, 1),
            "clip": "each",
            "data_format": None,
            "bounding_box_format": None,
            "seed": 1,
        },
        {"inputs": _IMAGES, "training_only": True, "zero_strength": image.Compose([image.RandomRotation(0.0)])},
        image.Compose.RANGES,
    ),
]
