"""Shifting images."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomTranslation(FilledAugmentation):
    """Shifts each image by a share of its size.

        (x, y) ↦ (x − width_factor · width, y − height_factor · height)

    It says where an output pixel comes from. Use it where things are not always in the middle, on models that do not
    forget the place anyway.

    Args:
        height_factor: How far down, as a share of the height: a number f for the range from −f to f, or a pair of
            rising numbers for the range between; within [−1, 1].
        width_factor: How far to the right, as a share of the width; likewise.
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"reflect"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are shifted at all, in [0, 1]. Defaults to 1.
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

    >>> layer = RandomTranslation(0.0, (0.5, 0.5), fill_mode="constant")
    >>> layer(np.arange(1.0, 5.0).reshape(1, 1, 4, 1))[0, 0, :, 0].numpy()
    array([0., 0., 1., 2.], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "height_factor": Factor(-1, 1),
        "width_factor": Factor(-1, 1),
        **PROBABILITY,
        **FILL,
        **FORMAT,
    }
    own_draws = 2

    def __init__(self, height_factor: RangeLike, width_factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, height_factor=height_factor, width_factor=width_factor)
        self.height_factor = height_factor
        self.width_factor = width_factor

    def matrix(self, numbers, frame):
        down = between(self.RANGES["height_factor"].check("height_factor", self.height_factor), numbers[0])
        right = between(self.RANGES["width_factor"].check("width_factor", self.width_factor), numbers[1])
        width, height = frame.extent
        return _matrices.shift(-right * width, -down * height)

    def get_config(self):
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}
