"""Paler and stronger colours."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, ColorAugmentation

RANGE = Factor(0, 1, one_sided=True)
# At the factor 1 all but grey would be infinitely strong; this is enough to make it leave the range.
STRONGEST = 100.0


def saturation(factor, ops):
    """Returns how many times as strong the colours become: 0 for the factor 0, 1 for 0.5, at most 100."""
    return ops.minimum(factor / ops.maximum(1 - factor, 1e-3), STRONGEST)


@keras.saving.register_keras_serializable("keras_regkit")
class RandomSaturation(ColorAugmentation):
    """Makes the colours of each image paler or stronger.

        c ↦ g + s · (c − g),   s = f / (1 − f),   f uniform in the range of `factor`

    g = 0.299 R + 0.587 G + 0.114 B is the grey of the pixel. Use it where cameras or light will differ. The factor
    means what it means in `keras.layers.RandomSaturation`. Unlike there, the map is linear, as Pillow's
    `ImageEnhance.Color` with the factor s: the grey of a pixel stays, where Keras keeps its largest channel (V of
    HSV). s is at most 100. In a `Compose`, it is one map with the other ops on colours beside it, and clipped once, at
    their end.

    Args:
        factor: A pair of numbers in [0, 1], or one number f for the range from 0 to f: 0 is grey, 0.5 changes nothing,
            1 is as strong as can be. Note that one number makes colours paler, as long as it is at most 0.5.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 1.
        value_range: Lowest and highest value of a pixel; within a `Compose` that of the `Compose` counts. Defaults to
            (0, 255).
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which stay as they are. Three
            channels.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank or number of channels.

    Example:

    >>> layer = RandomSaturation((0.2, 0.2))
    >>> np.array(layer(np.array([[[[200, 100, 0]]]], "uint8")))[0, 0, 0].tolist()
    [139, 114, 89]
    """

    RANGES = {"factor": RANGE, **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        factor = between(RANGE.check("factor", self.factor), numbers[0])
        return _recolouring.saturation_scaled(saturation(factor, frame.ops))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
