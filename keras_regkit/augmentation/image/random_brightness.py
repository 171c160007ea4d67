"""Lighter and darker images."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._channelwise import ChannelwiseAugmentation
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY


@keras.saving.register_keras_serializable("keras_regkit")
class RandomBrightness(ChannelwiseAugmentation):
    """Makes each image lighter or darker by an amount of its own.

        c ↦ c + f · (high − low),   f uniform in the range of `factor`

    Use it where the light of new images will differ. The same as `keras.layers.RandomBrightness`, number for number.
    In a `Compose`, it is one map with the other ops on colours beside it, and clipped once, at their end.

    Args:
        factor: A number f in [0, 1] for amounts from −f to f, or a pair of numbers in [−1, 1], as a share of the value
            range: −1 is black, 1 is white, 0 changes nothing.
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

    >>> layer = RandomBrightness((0.2, 0.2))
    >>> np.array(layer(np.array([[[[10, 20, 250]]]], "uint8")))[0, 0, 0].tolist()
    [61, 71, 255]
    """

    RANGES = {"factor": Factor(-1, 1), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        amount = between(self.RANGES["factor"].check("factor", self.factor), numbers[0])
        return _recolouring.brightness_added(amount)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
