"""Pulling colours towards the mean of their image, or away from it."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._channelwise import ChannelwiseAugmentation
from keras_regkit.augmentation.image._factors import Around, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY


@keras.saving.register_keras_serializable("keras_regkit")
class RandomContrast(ChannelwiseAugmentation):
    """Raises or lowers the contrast of each image by a factor of its own.

        c ↦ c̄ + f · (c − c̄),   f uniform in [1 − lower, 1 + upper]

    c̄ is the mean of the channel over the image. Use it where the light of new images will differ. The same as
    `keras.layers.RandomContrast`, but for a single number: there Keras draws from 1 to 1 + f and never lowers the
    contrast, against its documentation; here it is 1 − f to 1 + f. In a `Compose`, it is one map with the other ops
    on colours beside it, its mean is that of the image that comes to them, and they are clipped once, at their end.

    Args:
        factor: A number f in [0, 1] for factors from 1 − f to 1 + f, or a pair `(lower, upper)` of such numbers. 0
            changes nothing.
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

    >>> layer = RandomContrast((0.5, 0.5), seed=1)
    >>> image = np.array([[[100], [120]]], "float32")
    >>> differences = [float(keras.ops.max(changed) - keras.ops.min(changed)) for changed in map(layer, [image] * 20)]
    >>> 10 <= min(differences) < 20 < max(differences) <= 30
    True
    """

    RANGES = {"factor": Around(1), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        factor = between(self.RANGES["factor"].check("factor", self.factor), numbers[0])
        return _recolouring.contrast_per_channel(factor)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
