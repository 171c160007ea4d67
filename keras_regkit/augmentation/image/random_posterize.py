"""Images of few levels, as on a poster."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.image._factors import Whole
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation
from keras_regkit.augmentation.image._levels import SLACK, from_levels, to_levels


def posterized(images, bits, value_range, ops):
    """Returns the images with the lower bits of each of their 256 levels set to 0. Pillow's `ImageOps.posterize`.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        bits: Vector of whole numbers, how many of the 8 bits stay; 8 leaves an image as it is.
        value_range: Lowest and highest value.
        ops: The functions to compute with.
    """
    bits = ops.cast(bits, "float32")[:, None, None, None]
    # 2^(8 − bits), to the last digit.
    step = ops.round(ops.exp((8 - bits) * math.log(2)))
    levels = ops.floor((to_levels(images, value_range) + SLACK) / step) * step
    return ops.where(bits >= 8, images, from_levels(levels, value_range))


@keras.saving.register_keras_serializable("keras_regkit")
class RandomPosterize(PixelAugmentation):
    """Keeps a few bits of each value.

        level ↦ ⌊level / 2^(8 − b)⌋ · 2^(8 − b),   level = 255 · (c − low) / (high − low)

    b is a whole number of each image's own. Use it within policies, or against a model that lives on faint
    differences. The same as `keras.layers.RandomPosterization`, but for what the factor means: there a pair leaves out
    its upper end, and a single number b stands for 1 to b − 1 bits, against its documentation.

    Args:
        factor: How many of the 8 bits stay, from 1 to 8: a whole number, or a pair for the range between, both ends
            included. 8 changes nothing.
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

    >>> layer = RandomPosterize(2)
    >>> np.array(layer(np.array([[[[63, 64, 255]]]], "uint8")))[0, 0, 0].tolist()
    [0, 64, 192]
    """

    RANGES = {"factor": Whole(1, 8, rising=True), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: int | Sequence[int], **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def transform(self, images, numbers, value_range, ops):
        low, high = self.RANGES["factor"].check("factor", self.factor)
        return posterized(images, low + ops.floor(numbers[:, 0] * (high - low + 1)), value_range, ops)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
