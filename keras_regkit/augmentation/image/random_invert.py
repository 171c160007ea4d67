"""Negatives of images."""

from typing import Any

import keras

from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._channelwise import ChannelwiseAugmentation
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY


def inverted(images, value_range):
    """Returns the negatives: c ↦ low + high − c. Pillow's `ImageOps.invert`."""
    low, high = value_range
    return low + high - images


@keras.saving.register_keras_serializable("keras_regkit")
class RandomInvert(ChannelwiseAugmentation):
    """Turns images into their negatives at random.

        c ↦ low + high − c

    Use it where light on dark means the same as dark on light: drawings, writing, some microscopy. `probability` is
    the share of negatives; `keras.layers.RandomInvert` draws that share anew for each image, between 0 and its
    `factor`. In a `Compose`, it is one map with the ops on colours beside it.

    Args:
        probability: Share of the images that are changed, in [0, 1]. Defaults to 0.5.
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

    >>> layer = RandomInvert(probability=1)
    >>> np.array(layer(np.array([[[[0, 100, 255]]]], "uint8")))[0, 0, 0].tolist()
    [255, 155, 0]
    """

    RANGES = {**PROBABILITY, **FORMAT}  # noqa: RUF012

    def __init__(self, probability: float = 0.5, **kwargs: Any):
        super().__init__(probability=probability, **kwargs)

    def recolouring(self, numbers, frame):
        return _recolouring.negative()
