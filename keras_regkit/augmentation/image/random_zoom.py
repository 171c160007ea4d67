"""Making images larger or smaller."""

import dataclasses
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation


@dataclasses.dataclass(frozen=True)
class ZoomFactor(Factor):
    """A `Factor` whose lower end is no legal number, and None where it is `optional`."""

    optional: bool = False

    def check(self, name, value):
        if value is None and self.optional:
            return None
        pair = super().check(name, value)
        if pair[0] <= self.low:
            raise ValueError(
                f"`{name}` must be above {self.low:g}, where one pixel would fill the whole image, as a number and as "
                f"a pair. Received: {value!r}"
            )
        return pair

    def bad_values(self):
        bad = [(value, error) for value, error in super().bad_values() if value is not None or not self.optional]
        return [*bad, ((self.low, 0.1), ValueError)]


@keras.saving.register_keras_serializable("keras_regkit")
class RandomZoom(FilledAugmentation):
    """Makes what is seen in each image smaller or larger, around its middle m.

        (x, y) ↦ m + (z_x · (x − m_x), z_y · (y − m_y)),   z = 1 + factor

    It says where an output pixel comes from: z = 2 shows things at half their size. The size of the images stays.
    Use it where things are seen from near and far.

    Args:
        height_factor: How much smaller things get, as a share: a number f for the range from −f to f, or a pair of
            rising numbers for the range between; above −1 and at most 1. Negative numbers make things larger.
        width_factor: The same for the width, or None, the default: both are made smaller by the same factor.
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"reflect"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are zoomed at all, in [0, 1]. Defaults to 1.
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

    >>> layer = RandomZoom((1.0, 1.0), fill_mode="constant", interpolation="nearest")
    >>> layer(np.arange(1.0, 6.0).reshape(1, 1, 5, 1))[0, 0, :, 0].numpy()
    array([0., 1., 3., 5., 0.], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "height_factor": ZoomFactor(-1, 1),
        "width_factor": ZoomFactor(-1, 1, optional=True),
        **PROBABILITY,
        **FILL,
        **FORMAT,
    }

    def __init__(self, height_factor: RangeLike, width_factor: RangeLike | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, height_factor=height_factor, width_factor=width_factor)
        self.height_factor = height_factor
        self.width_factor = width_factor

    @property
    def own_draws(self):
        return 1 if self.width_factor is None else 2

    def matrix(self, numbers, frame):
        factors = [self.height_factor] if self.width_factor is None else [self.height_factor, self.width_factor]
        ranges = [self.RANGES["height_factor"].check("height_factor", factor) for factor in factors]
        zooms = [1 + between(pair, number) for pair, number in zip(ranges, numbers, strict=True)]
        return _matrices.around(((zooms[-1], 0), (0, zooms[0])), *frame.center)

    def get_config(self):
        return {**super().get_config(), "height_factor": self.height_factor, "width_factor": self.width_factor}
