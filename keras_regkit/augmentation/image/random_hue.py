"""Colours turned around the circle of hues."""

import math
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, ColorAugmentation

RANGE = Factor(0, 1, one_sided=True)


def hue_angle(pair, number, ops):
    """Returns the angle, in radians: π times a factor within the pair, one way or the other.

    One uniform number says both: its half says which way, the rest how far.
    """
    signed = 2 * number - 1
    side = 1 - 2 * ops.cast(signed < 0, "float32")
    return math.pi * side * between(pair, ops.abs(signed))


@keras.saving.register_keras_serializable("keras_regkit")
class RandomHue(ColorAugmentation):
    """Turns the colours of each image around the circle of hues, one way or the other.

        (Y, I, Q) ↦ (Y, I cos a + Q sin a, Q cos a − I sin a),   a = ± π · f,   f uniform in the range of `factor`

    Y is the grey of a pixel, I and Q are its colour (YIQ). Use it where the colour of a thing says little of what it
    is. The factor means what it means in `keras.layers.RandomHue`: 1 is half a turn either way. Unlike there, the map
    is linear: colours are turned in YIQ and keep their grey, where Keras turns H of HSV and keeps the largest channel.
    In a `Compose`, it is one map with the other ops on colours beside it, and clipped once, at their end.

    Args:
        factor: A number f in [0, 1] for the range from 0 to f, or a pair of such numbers. 0 changes nothing.
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

    >>> layer = RandomHue((1, 1), seed=1)
    >>> np.array(layer(np.array([[[[160, 100, 100]]]], "uint8")))[0, 0, 0].tolist()
    [76, 136, 136]
    """

    RANGES = {"factor": RANGE, **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        angle = hue_angle(RANGE.check("factor", self.factor), numbers[0], frame.ops)
        return _recolouring.hue_turned(angle, frame.ops)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
