"""The published tables of augmentation policies: which ops they know, and how far each goes.

Strengths say how far an op is from doing nothing, so that 0 always leaves an image as it is:

    op                                        strength
    identity                                  none
    shear_x, shear_y                          tangent of the angle
    translate_x, translate_y                  share of the side, or pixels
    rotate                                    degrees
    brightness, contrast, color, sharpness    factor − 1
    posterize                                 bits that are dropped, of 8
    solarize                                  256 − threshold
    invert, auto_contrast, equalize           1

Sources: RandAugment, Cubuk et al. 2020, section 3 and the code of its authors (tensorflow/tpu, Apache-2.0);
TrivialAugment, Müller & Hutter 2021, table of the wide space, and the code of its authors (automl/trivialaugment, MIT);
AutoAugment, Cubuk et al. 2019, appendix, compared with tensorflow/models (Apache-2.0) and torchvision (BSD-3-Clause);
AugMix, Hendrycks et al. 2020, and the code of its authors (google-research/augmix, Apache-2.0).
"""

import dataclasses

GEOMETRIC = ("shear_x", "shear_y", "translate_x", "translate_y", "rotate")
LINEAR = ("brightness", "contrast", "color", "invert")
POINTWISE = ("auto_contrast", "solarize", "posterize", "equalize")
OPS = ("identity", *GEOMETRIC, *LINEAR, *POINTWISE, "sharpness")


@dataclasses.dataclass(frozen=True)
class Row:
    """An op and its strength at level l, in [0, 1]: start ± change · l.

    Args:
        op: One of `OPS`.
        start, change: The ends of the range.
        signed: Whether the change is negative for half of the images.
        whole: Whether the change is rounded towards 0.
        probability: Share of the images that are changed when this row is chosen.
    """

    op: str
    start: float = 0.0
    change: float = 0.0
    signed: bool = False
    whole: bool = False
    probability: float = 1.0


def _rows(shear, translation, rotation, posterize, whole_degrees, **factor):
    """Returns the 14 rows of RandAugment and TrivialAugment, in the order of the papers."""
    return (
        Row("identity"),
        Row("auto_contrast", 1),
        Row("equalize", 1),
        Row("rotate", 0, rotation, signed=True, whole=whole_degrees),
        Row("solarize", 0, 256, whole=True),
        Row("color", **factor),
        Row("posterize", 0, posterize, whole=True),
        Row("contrast", **factor),
        Row("brightness", **factor),
        Row("sharpness", **factor),
        Row("shear_x", 0, shear, signed=True),
        Row("shear_y", 0, shear, signed=True),
        Row("translate_x", 0, translation, signed=True),
        Row("translate_y", 0, translation, signed=True),
    )


# Level = m / 10. Translation by shares: 150 of 331 pixels in AutoAugment's ranges, which RandAugment takes over.
RAND_AUGMENT = _rows(0.3, 150 / 331, 30, 4, whole_degrees=False, start=0, change=0.9, signed=True)

# Level = bin / 30. Translation in pixels.
TRIVIAL_AUGMENT = _rows(0.99, 32, 135, 6, whole_degrees=True, start=-0.99, change=1.99)

# Level = severity / 10. Translation by shares. Without what ImageNet-C and CIFAR-10-C test with.
AUG_MIX = (
    Row("auto_contrast", 1),
    Row("equalize", 1),
    Row("posterize", 4, 4, whole=True),
    Row("rotate", 0, 30, signed=True, whole=True),
    Row("solarize", 0, 256, whole=True),
    Row("shear_x", 0, 0.3, signed=True),
    Row("shear_y", 0, 0.3, signed=True),
    Row("translate_x", 0, 1 / 3, signed=True),
    Row("translate_y", 0, 1 / 3, signed=True),
)

# What the paper's table of ranges says of a magnitude of 0 to 10 tenths: (first, last) of the op's own parameter.
_AUTO_RANGES = {
    "shear_x": (0, 0.3),
    "shear_y": (0, 0.3),
    "translate_x": (0, 150 / 331),
    "translate_y": (0, 150 / 331),
    "rotate": (0, 30),
    "solarize": (0, 256),  # the threshold
    "posterize": (4, 8),  # the bits that are kept
    "contrast": (0.1, 1.9),
    "color": (0.1, 1.9),
    "brightness": (0.1, 1.9),
    "sharpness": (0.1, 1.9),
}


def _auto_row(op, probability, magnitude=0):
    """Returns the row of an op of AutoAugment with the probability and magnitude of the paper."""
    if op in ("auto_contrast", "equalize", "invert"):
        return Row(op, 1, probability=probability)
    first, last = _AUTO_RANGES[op]
    value = first + (last - first) * magnitude / 10
    if op in GEOMETRIC:
        return Row(op, 0, value, signed=True, probability=probability)
    # Rounding as the authors': their code makes these whole with int().
    strength = {"solarize": 256 - int(value), "posterize": 8 - int(value)}.get(op, value - 1)
    return Row(op, strength, probability=probability)


def _policy(*pairs):
    """Returns the rows of each sub-policy's first op, and those of its second op."""
    return tuple(zip(*((_auto_row(*first), _auto_row(*second)) for first, second in pairs), strict=True))


AUTO_AUGMENT = {
    "cifar10": _policy(
        (("invert", 0.1), ("contrast", 0.2, 6)),
        (("rotate", 0.7, 2), ("translate_x", 0.3, 9)),
        (("sharpness", 0.8, 1), ("sharpness", 0.9, 3)),
        (("shear_y", 0.5, 8), ("translate_y", 0.7, 9)),
        (("auto_contrast", 0.5), ("equalize", 0.9)),
        (("shear_y", 0.2, 7), ("posterize", 0.3, 7)),
        (("color", 0.4, 3), ("brightness", 0.6, 7)),
        (("sharpness", 0.3, 9), ("brightness", 0.7, 9)),
        (("equalize", 0.6), ("equalize", 0.5)),
        (("contrast", 0.6, 7), ("sharpness", 0.6, 5)),
        (("color", 0.7, 7), ("translate_x", 0.5, 8)),
        (("equalize", 0.3), ("auto_contrast", 0.4)),
        (("translate_y", 0.4, 3), ("sharpness", 0.2, 6)),
        (("brightness", 0.9, 6), ("color", 0.2, 8)),
        (("solarize", 0.5, 2), ("invert", 0.0)),
        (("equalize", 0.2), ("auto_contrast", 0.6)),
        (("equalize", 0.2), ("equalize", 0.6)),
        (("color", 0.9, 9), ("equalize", 0.6)),
        (("auto_contrast", 0.8), ("solarize", 0.2, 8)),
        (("brightness", 0.1, 3), ("color", 0.7, 0)),
        (("solarize", 0.4, 5), ("auto_contrast", 0.9)),
        (("translate_y", 0.9, 9), ("translate_y", 0.7, 9)),
        (("auto_contrast", 0.9), ("solarize", 0.8, 3)),
        (("equalize", 0.8), ("invert", 0.1)),
        (("translate_y", 0.7, 9), ("auto_contrast", 0.9)),
    ),
    "imagenet": _policy(
        (("posterize", 0.4, 8), ("rotate", 0.6, 9)),
        (("solarize", 0.6, 5), ("auto_contrast", 0.6)),
        (("equalize", 0.8), ("equalize", 0.6)),
        (("posterize", 0.6, 7), ("posterize", 0.6, 6)),
        (("equalize", 0.4), ("solarize", 0.2, 4)),
        (("equalize", 0.4), ("rotate", 0.8, 8)),
        (("solarize", 0.6, 3), ("equalize", 0.6)),
        (("posterize", 0.8, 5), ("equalize", 1.0)),
        (("rotate", 0.2, 3), ("solarize", 0.6, 8)),
        (("equalize", 0.6), ("posterize", 0.4, 6)),
        (("rotate", 0.8, 8), ("color", 0.4, 0)),
        (("rotate", 0.4, 9), ("equalize", 0.6)),
        (("equalize", 0.0), ("equalize", 0.8)),
        (("invert", 0.6), ("equalize", 1.0)),
        (("color", 0.6, 4), ("contrast", 1.0, 8)),
        (("rotate", 0.8, 8), ("color", 1.0, 2)),
        (("color", 0.8, 8), ("solarize", 0.8, 7)),
        (("sharpness", 0.4, 7), ("invert", 0.6)),
        (("shear_x", 0.6, 5), ("equalize", 1.0)),
        (("color", 0.4, 0), ("equalize", 0.6)),
        (("equalize", 0.4), ("solarize", 0.2, 4)),
        (("solarize", 0.6, 5), ("auto_contrast", 0.6)),
        (("invert", 0.6), ("equalize", 1.0)),
        (("color", 0.6, 4), ("contrast", 1.0, 8)),
        (("equalize", 0.8), ("equalize", 0.6)),
    ),
    "svhn": _policy(
        (("shear_x", 0.9, 4), ("invert", 0.2)),
        (("shear_y", 0.9, 8), ("invert", 0.7)),
        (("equalize", 0.6), ("solarize", 0.6, 6)),
        (("invert", 0.9), ("equalize", 0.6)),
        (("equalize", 0.6), ("rotate", 0.9, 3)),
        (("shear_x", 0.9, 4), ("auto_contrast", 0.8)),
        (("shear_y", 0.9, 8), ("invert", 0.4)),
        (("shear_y", 0.9, 5), ("solarize", 0.2, 6)),
        (("invert", 0.9), ("auto_contrast", 0.8)),
        (("equalize", 0.6), ("rotate", 0.9, 3)),
        (("shear_x", 0.9, 4), ("solarize", 0.3, 3)),
        (("shear_y", 0.8, 8), ("invert", 0.7)),
        (("equalize", 0.9), ("translate_y", 0.6, 6)),
        (("invert", 0.9), ("equalize", 0.6)),
        (("contrast", 0.3, 3), ("rotate", 0.8, 4)),
        (("invert", 0.8), ("translate_y", 0.0, 2)),
        (("shear_y", 0.7, 6), ("solarize", 0.4, 8)),
        (("invert", 0.6), ("rotate", 0.8, 4)),
        (("shear_y", 0.3, 7), ("translate_x", 0.9, 3)),
        (("shear_x", 0.1, 6), ("invert", 0.6)),
        (("solarize", 0.7, 2), ("translate_y", 0.6, 7)),
        (("shear_y", 0.8, 4), ("invert", 0.8)),
        (("shear_x", 0.7, 9), ("translate_y", 0.8, 3)),
        (("shear_y", 0.8, 5), ("auto_contrast", 0.7)),
        (("shear_x", 0.7, 2), ("invert", 0.1)),
    ),
}
