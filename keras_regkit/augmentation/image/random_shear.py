"""Slanting images."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomShear(FilledAugmentation):
    """Slants each image along one direction or both, to either side.

        (x, y) ↦ (x + s_x · y, y + s_y · x)

    It says where an output pixel comes from. As in `keras.layers.RandomShear`, the first pixel stays where it is; here
    the signs of s_x and s_y are drawn apart, there both are the same. Use it where things are seen at a slant, such as
    handwriting.

    Args:
        x_factor: How far pixels move along x for each pixel that they lie lower: a number f for slants up to f, or a
            pair of rising numbers for the range between; within [0, 1]. Each goes to either side. Defaults to 0.
        y_factor: How far they move along y for each pixel that they lie further right; likewise. Defaults to 0.
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"reflect"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are slanted at all, in [0, 1]. Defaults to 1.
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

    >>> layer = RandomShear(x_factor=(1.0, 1.0), fill_mode="constant", seed=1)
    >>> images = np.ones((1, 2, 3, 1))
    >>> sorted({tuple(layer(images)[0, 1, :, 0].numpy().tolist()) for _ in range(20)})
    [(0.0, 1.0, 1.0), (1.0, 1.0, 0.0)]
    """

    RANGES = {  # noqa: RUF012
        "x_factor": Factor(0, 1, one_sided=True),
        "y_factor": Factor(0, 1, one_sided=True),
        **PROBABILITY,
        **FILL,
        **FORMAT,
    }
    own_draws = 4

    def __init__(self, x_factor: RangeLike = 0.0, y_factor: RangeLike = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, x_factor=x_factor, y_factor=y_factor)
        self.x_factor = x_factor
        self.y_factor = y_factor

    def matrix(self, numbers, frame):
        x = slant(self.RANGES["x_factor"].check("x_factor", self.x_factor), *numbers[:2], frame.ops)
        y = slant(self.RANGES["y_factor"].check("y_factor", self.y_factor), *numbers[2:], frame.ops)
        return (1, x, 0), (y, 1, 0), (0, 0, 1)

    def get_config(self):
        return {**super().get_config(), "x_factor": self.x_factor, "y_factor": self.y_factor}


def slant(pair, number, side, ops):
    """Returns how far pixels move for each pixel in the other direction, to either side; 0 where nothing can."""
    return between(pair, number) * (1 - 2 * ops.cast(side < 0.5, "float32")) if pair[1] else 0
