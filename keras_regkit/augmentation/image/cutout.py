"""Squares cut out of images."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.image._erase import Fill, centered_boxes, erased, filling
from keras_regkit.augmentation.image._factors import Whole
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class Cutout(PixelAugmentation):
    """Cuts a square out of each image, around a pixel of its own.

        rows from y − ⌊s/2⌋ to y − ⌊s/2⌋ + s,   columns likewise,   (x, y) uniform among all pixels

    Use it against a model that looks at one part of things alone. Every pixel may be the middle, so the square may
    reach out of the image, and less is cut out then; the authors found that to matter. Labels, masks and bounding
    boxes stay.

    Args:
        size: Side of the square in pixels, a whole number, or a pair for height and width. 0 changes nothing. The
            paper has 16 for CIFAR-10 and 8 for CIFAR-100, of 32.
        fill_value: What erased pixels become: a number, a list with one number for each channel, `"mean"` for the mean
            colour of the image, or None for noise, uniform in the value range. The paper cuts out of
            normalized images and fills with 0, the mean of the data. Defaults to 0.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 1.
        value_range: Lowest and highest value of a pixel; within a `Compose` that of the `Compose` counts. Defaults to
            (0, 255).
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which stay as they are. Any number
            of channels.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank.

    Reference:
        DeVries and Taylor 2017, "Improved Regularization of Convolutional Neural Networks with Cutout", section 3.

    Example:

    >>> layer = Cutout(4, seed=1)
    >>> cut = {36 - int(keras.ops.sum(layer(np.ones((1, 6, 6, 1))))) for _ in range(40)}
    >>> min(cut), max(cut)
    (4, 16)
    """

    RANGES = {"size": Whole(0), "fill_value": Fill(), **PROBABILITY, **FORMAT}  # noqa: RUF012

    def __init__(
        self, size: int | Sequence[int], fill_value: float | Sequence[float] | str | None = 0.0, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, size=size, fill_value=fill_value)
        self.size = size
        self.fill_value = fill_value

    @property
    def own_draws(self):
        return 2 + Fill.draws(self.fill_value)

    def transform(self, images, numbers, value_range, ops):
        _, height, width, _ = ops.shape(images)
        y = ops.floor(numbers[:, 0] * ops.cast(height, "float32"))
        x = ops.floor(numbers[:, 1] * ops.cast(width, "float32"))
        boxes = centered_boxes(y, x, *self.RANGES["size"].check("size", self.size), ops)
        return erased(images, boxes, filling(self.fill_value, images, numbers[:, 2:], value_range, ops), ops)

    def get_config(self):
        return {**super().get_config(), "size": self.size, "fill_value": self.fill_value}
