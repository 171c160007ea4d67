"""Softer and sharper images."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation


def sharpened(images, factor, value_range, ops):
    """Returns the images, blended with their smooth versions. Pillow's `ImageEnhance.Sharpness`.

    The smooth version has at each pixel (4 · c + the sum of the 3 × 3 pixels around c) / 13. Pixels at the border stay.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        factor: Vector: 0 is smooth, 1 leaves an image as it is, more makes it sharper.
        value_range: Lowest and highest value, where the result is clipped.
        ops: The functions to compute with.
    """
    if 1 in (images.shape[1], images.shape[2]):
        return images  # all is border
    inner_rows = images[:, 1:-1]
    rows = images[:, :-2] + inner_rows + images[:, 2:]
    box = rows[:, :, :-2] + rows[:, :, 1:-1] + rows[:, :, 2:]
    inner = inner_rows[:, :, 1:-1]
    # smooth(c) − c, where the sum has c once.
    difference = (box - 9 * inner) * (1 / 13)
    inner = ops.clip(inner + (1 - factor)[:, None, None, None] * difference, *value_range)
    inner = ops.concatenate([inner_rows[:, :, :1], inner, inner_rows[:, :, -1:]], axis=2)
    return ops.concatenate([images[:, :1], inner, images[:, -1:]], axis=1)


@keras.saving.register_keras_serializable("keras_regkit")
class RandomSharpness(PixelAugmentation):
    """Makes each image softer or sharper.

        c ↦ c + (1 − 2 f) · (smooth(c) − c),   f uniform in the range of `factor`

    smooth(c) is the mean of the 3 × 3 pixels around c, in which c itself counts five times. Use it where the focus of
    new images will differ. The factor means what it means in `keras.layers.RandomSharpness`; twice the factor is that
    of Pillow's `ImageEnhance.Sharpness`. As in Pillow, pixels at the border stay; in Keras they mix with zeros.

    Args:
        factor: A pair of numbers in [0, 1], or one number f for the range from 0 to f: 0 is smooth, 0.5 changes
            nothing, 1 is sharp. Note that one number only softens, as long as it is at most 0.5.
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

    Example:

    >>> layer = RandomSharpness((0, 0))
    >>> np.array(layer(13 * np.eye(3)[None, :, :, None]))[0, :, :, 0].tolist()
    [[13.0, 0.0, 0.0], [0.0, 7.0, 0.0], [0.0, 0.0, 13.0]]
    """

    RANGES = {"factor": Factor(0, 1, one_sided=True), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def transform(self, images, numbers, value_range, ops):
        factor = 2 * between(self.RANGES["factor"].check("factor", self.factor), numbers[:, 0])
        return sharpened(images, factor, value_range, ops)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
