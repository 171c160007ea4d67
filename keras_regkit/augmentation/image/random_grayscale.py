"""Grey images."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, ColorAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomGrayscale(ColorAugmentation):
    """Makes images grey at random; they keep their three channels.

        c ↦ (g, g, g),   g = 0.299 R + 0.587 G + 0.114 B

    Use it where shape should count and colour should not. The same as `keras.layers.RandomGrayscale`, up to the
    digits of the weights: Keras takes 0.2989, 0.5870 and 0.1140, which sum up to 0.9999.

    Args:
        factor: Share of the images that become grey, in [0, 1]. Defaults to 0.5.
        probability: As in the other ops; the share of grey images is `factor` times this. Defaults to 1.
        value_range: Lowest and highest value of a pixel; within a `Compose` that of the `Compose` counts. Defaults to
            (0, 255).
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which stay as they are. Three
            channels.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank or number of channels.

    Example:

    >>> layer = RandomGrayscale(1)
    >>> np.array(layer(np.array([[[[200, 100, 0]]]], "uint8")))[0, 0, 0].tolist()
    [118, 118, 118]
    """

    RANGES = {"factor": Interval(0, 1), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor: float = 0.5, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        return _recolouring.saturation_scaled(frame.ops.cast(numbers[0] >= self.factor, "float32"))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
