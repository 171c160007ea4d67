"""Turning images."""

import math
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomRotation(FilledAugmentation):
    """Turns each image around its middle by an angle θ of its own.

        (x, y) ↦ m + R(θ) · ((x, y) − m),   θ = 2π · factor

    It says where an output pixel comes from; x points right, y down and m is the middle of the image. Use it where
    things are seen from any side, such as cells or satellite images; a few degrees do no harm to photographs.

    Args:
        factor: Angle as a fraction of 2π, counterclockwise: a number f for the range from −f to f, or a pair of rising
            numbers for the range between; within [−1, 1].
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"reflect"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are turned at all, in [0, 1]. Defaults to 1.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        bounding_box_format: How bounding boxes are written, if there are any: `"xyxy"` or another format of Keras.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank.

    Example:

    >>> layer = RandomRotation((0.25, 0.25))
    >>> layer(np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1))[0, :, :, 0].numpy().round(3)
    array([[2., 4.],
           [1., 3.]], dtype=float32)
    """

    RANGES = {"factor": Factor(-1, 1), **PROBABILITY, **FILL, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def matrix(self, numbers, frame):
        return turn(between(self.RANGES["factor"].check("factor", self.factor), numbers[0]), frame)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def turn(factor, frame):
    """Returns the matrix that turns images around the middle, counterclockwise as seen on the screen."""
    angle = 2 * math.pi * factor
    c, s = frame.ops.cos(angle), frame.ops.sin(angle)
    return _matrices.around(((c, -s), (s, c)), *frame.center)
