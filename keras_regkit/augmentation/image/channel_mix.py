"""Red, green and blue mixed anew."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _recolouring
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, ColorAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class ChannelMix(ColorAugmentation):
    """Mixes the channels of each image at random.

        c ↦ (1 − f) · c + f · W c,   f uniform in the range of `factor`

    W is a 3 × 3 matrix of each image's own; its rows are uniform among all weights that are at least 0 and sum up to
    1. So each channel moves a share f towards a weighted mean of the three; greys stay as they are, and nothing leaves
    the value range. Use it as a change of colours that never clips, where `RandomHue` is too plain. In a `Compose`, it
    is one map with the other ops on colours beside it.

    Args:
        factor: A number f in [0, 1] for the range from 0 to f, or a pair of such numbers. 0 changes nothing.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 1.
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

    >>> layer = ChannelMix(0.5, seed=1)
    >>> colour, grey = keras.ops.convert_to_numpy(layer(np.array([[[[200.0, 100, 0], [50, 50, 50]]]])))[0, 0]
    >>> bool(0 <= min(colour) and max(colour) <= 200), grey.round(3).tolist()
    (True, [50.0, 50.0, 50.0])
    """

    RANGES = {"factor": Factor(0, 1, one_sided=True), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 7

    def __init__(self, factor: RangeLike, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        amount = between(self.RANGES["factor"].check("factor", self.factor), numbers[0])
        rows = tuple(_weights(numbers[k], numbers[k + 1], frame.ops) for k in (1, 3, 5))
        return _recolouring.channels_mixed(amount, rows)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}


def _weights(a, b, ops):
    """Returns three uniform weights that sum up to 1: two cuts break a stick of length 1."""
    first, second = ops.minimum(a, b), ops.maximum(a, b)
    return first, second - first, 1 - second
