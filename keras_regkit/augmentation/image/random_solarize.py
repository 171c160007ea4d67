"""Images whose light parts are negatives."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation
from keras_regkit.augmentation.image.random_invert import inverted

# As a share of the value range: what was computed in float32 lies this close to a level.
SLACK = 4e-5


def solarized(images, threshold, value_range, ops):
    """Returns the images with all values at or above the threshold inverted. Pillow's `ImageOps.solarize`.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        threshold: Vector, as a share of the value range: Pillow's level divided by 255.
        value_range: Lowest and highest value.
        ops: The functions to compute with.
    """
    return ops.where(_below(images, threshold, value_range), images, inverted(images, value_range))


def solarize_added(images, addition, threshold, value_range, ops):
    """Returns the images with `addition` on top of all values below the threshold. `SolarizeAdd` of AutoAugment.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        addition, threshold: Vectors, as shares of the value range: levels divided by 255.
        value_range: Lowest and highest value.
        ops: The functions to compute with.
    """
    low, high = value_range
    added = ops.clip(images + ((high - low) * addition)[:, None, None, None], low, high)
    return ops.where(_below(images, threshold, value_range), added, images)


def _below(images, threshold, value_range):
    low, high = value_range
    return images < (low + (high - low) * (threshold - SLACK))[:, None, None, None]


@keras.saving.register_keras_serializable("keras_regkit")
class RandomSolarize(PixelAugmentation):
    """Inverts what is light in each image, above a threshold of its own.

        c ↦ c' if c' < t, else low + high − c',   with c' = c + a, clipped

    Use it within policies; by itself it is a harsh change. Arguments mean what they mean in
    `keras.layers.Solarization`, whose lower ends are not shares of the range but levels of 255; here both ends are
    shares. `threshold_factor=(1, 1)` inverts white alone.

    Args:
        addition_factor: What is added at first, a, as a share of the value range: a number f in [0, 1] for the range
            from 0 to f, or a pair. Defaults to 0.
        threshold_factor: The threshold t, as a share of the value range: a number f in [0, 1] for the range from 0 to
            f, or a pair. Defaults to 0: all is inverted.
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

    >>> layer = RandomSolarize(threshold_factor=(0.5, 0.5))
    >>> np.array(layer(np.array([[[[0, 100, 255]]]], "uint8")))[0, 0, 0].tolist()
    [0, 100, 0]
    """

    RANGES = {  # noqa: RUF012
        "addition_factor": Factor(0, 1, one_sided=True),
        "threshold_factor": Factor(0, 1, one_sided=True),
        **PROBABILITY,
        **FORMAT,
    }
    own_draws = 2

    def __init__(self, addition_factor: RangeLike = 0.0, threshold_factor: RangeLike = 0.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, addition_factor=addition_factor, threshold_factor=threshold_factor)
        self.addition_factor = addition_factor
        self.threshold_factor = threshold_factor

    def transform(self, images, numbers, value_range, ops):
        low, high = value_range
        addition = between(self.RANGES["addition_factor"].check("addition_factor", self.addition_factor), numbers[:, 0])
        images = ops.clip(images + ((high - low) * addition)[:, None, None, None], low, high)
        pair = self.RANGES["threshold_factor"].check("threshold_factor", self.threshold_factor)
        return solarized(images, between(pair, numbers[:, 1]), value_range, ops)

    def get_config(self):
        return {
            **super().get_config(),
            "addition_factor": self.addition_factor,
            "threshold_factor": self.threshold_factor,
        }
