"""Our ops on colours and on pixels."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import image

_IMAGES = np.random.default_rng(0).uniform(0, 255, size=(8, 6, 5, 3)).astype("float32")
# Enough pixels for a histogram.
_LARGER = np.random.default_rng(0).uniform(0, 255, size=(8, 20, 21, 3)).astype("float32")


def _row(id, factory, arguments, zero=None, inputs=_IMAGES, **exempt):
    check = {"inputs": inputs, "training_only": True}
    if zero is not None:
        check["zero_strength"] = factory(**zero)
    return Instance(id, "layer", factory, {**arguments, "seed": 1}, check, factory.RANGES, exempt)


AUGMENTATION_COLOUR = [
    _row("random-brightness", image.RandomBrightness, {"factor": 0.3}, {"factor": 0}),
    _row(
        "random-brightness-of-a-range",
        image.RandomBrightness,
        {"factor": (-0.1, 0.4), "value_range": (-4, 4), "probability": 0.5, "data_format": "channels_last"},
        {"factor": (0.3, 0.3), "probability": 0, "value_range": (-4, 4)},
        inputs=_IMAGES / 255,
    ),
    _row("random-contrast", image.RandomContrast, {"factor": (0.3, 0.6)}, {"factor": 0}),
    _row("random-saturation", image.RandomSaturation, {"factor": (0.2, 0.9)}, {"factor": (0.5, 0.5)}),
    _row("random-hue", image.RandomHue, {"factor": 0.3}, {"factor": 0}),
    _row("random-grayscale", image.RandomGrayscale, {"factor": 0.5}, {"factor": 0}),
    _row(
        "color-jitter",
        image.ColorJitter,
        {"brightness_factor": 0.2, "contrast_factor": 0.2, "saturation_factor": (0.4, 0.6), "hue_factor": 0.1},
        {"brightness_factor": 0, "contrast_factor": 0, "saturation_factor": (0.5, 0.5), "hue_factor": 0},
    ),
    _row("color-jitter-of-two", image.ColorJitter, {"brightness_factor": 0.2, "hue_factor": None}, {}),
    _row("channel-mix", image.ChannelMix, {"factor": 0.4}, {"factor": 0}),
    _row("random-invert", image.RandomInvert, {"probability": 0.5}, {"probability": 0}),
    _row("random-sharpness", image.RandomSharpness, {"factor": (0.1, 0.9)}, {"factor": (0.5, 0.5)}),
    _row("random-gaussian-blur", image.RandomGaussianBlur, {"kernel_size": (3, 5), "sigma": 1.5}, {"sigma": 0}),
    _row("random-posterize", image.RandomPosterize, {"factor": (1, 4)}, {"factor": 8}),
    _row(
        "random-solarize",
        image.RandomSolarize,
        {"addition_factor": 0.1, "threshold_factor": (0.3, 0.6)},
        {"probability": 0},
    ),
    _row("equalize", image.Equalize, {"probability": 0.5}, {"probability": 0}, _LARGER),
    _row("auto-contrast", image.AutoContrast, {"probability": 0.5}, {"probability": 0}),
    _row(
        "random-erasing",
        image.RandomErasing,
        {"scale": (0.1, 0.4), "ratio": (0.3, 1 / 0.3), "fill_value": None, "probability": 0.5},
        {"scale": 0},
    ),
    _row(
        "random-erasing-with-the-mean", image.RandomErasing, {"fill_value": "mean", "scale": (0.2, 0.4)}, {"scale": 0}
    ),
    _row("cutout", image.Cutout, {"size": 3, "fill_value": (1.5, 2.0, 3.0)}, {"size": 0}),
    _row(
        "grid-mask",
        image.GridMask,
        {"ratio": 0.5, "spacing": (0.4, 0.9), "rotation_factor": 0.1, "fill_value": None},
        {"ratio": 1},
    ),
    _row("grid-mask-straight", image.GridMask, {"ratio": 0.5}, {"ratio": 1}),
]
