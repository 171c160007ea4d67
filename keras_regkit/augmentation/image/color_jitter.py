"""Brightness, contrast, saturation and hue in one."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _images, _recolouring, random_hue, random_saturation
from keras_regkit.augmentation.image._channelwise import ChannelwiseAugmentation
from keras_regkit.augmentation.image._factors import Around, Factor, Maybe, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY


@keras.saving.register_keras_serializable("keras_regkit")
class ColorJitter(ChannelwiseAugmentation):
    """Changes brightness, contrast, saturation and hue of each image, in one pass.

        c ↦ hue(saturation(contrast(brightness(c))))

    Each as in `RandomBrightness`, `RandomContrast`, `RandomSaturation` and `RandomHue`, with numbers of their own for
    each image. The four are one linear map, and clipped once, at their end. Arguments mean what they mean in
    `keras.layers.RandomColorJitter`; the deviations are those of the four.

    Args:
        brightness_factor: As `factor` of `RandomBrightness`; None, the default, leaves the brightness alone.
        contrast_factor: As `factor` of `RandomContrast`; None, the default, leaves the contrast alone.
        saturation_factor: As `factor` of `RandomSaturation`, where 0.5 changes nothing; None, the default, leaves the
            saturation alone.
        hue_factor: As `factor` of `RandomHue`; None, the default, leaves the hue alone.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 1.
        value_range: Lowest and highest value of a pixel; within a `Compose` that of the `Compose` counts. Defaults to
            (0, 255).
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which stay as they are. Three
            channels; any number where saturation and hue are left alone.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank or number of channels.

    Example:

    >>> layer = ColorJitter(brightness_factor=(0.1, 0.1), saturation_factor=(0, 0))
    >>> np.array(layer(np.array([[[[200, 100, 0]]]], "uint8")))[0, 0, 0].tolist()
    [144, 144, 144]
    """

    RANGES = {  # noqa: RUF012
        "brightness_factor": Maybe(Factor(-1, 1)),
        "contrast_factor": Maybe(Around(1)),
        "saturation_factor": Maybe(random_saturation.RANGE),
        "hue_factor": Maybe(random_hue.RANGE),
        **PROBABILITY,
        **FORMAT,
    }

    def __init__(
        self,
        brightness_factor: RangeLike | None = None,
        contrast_factor: RangeLike | None = None,
        saturation_factor: RangeLike | None = None,
        hue_factor: RangeLike | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        self.brightness_factor = brightness_factor
        self.contrast_factor = contrast_factor
        self.saturation_factor = saturation_factor
        self.hue_factor = hue_factor
        check_arguments(self.RANGES, **self._factors())

    @property
    def own_draws(self):
        return sum(factor is not None for factor in self._factors().values())

    def check_channels(self, channels):
        if self.saturation_factor is not None or self.hue_factor is not None:
            _images.check_channels(channels, self.name, type(self).__name__)

    def recolouring(self, numbers, frame):
        result, numbers = _recolouring.Recolouring(), list(numbers)
        for name, given in self._factors().items():
            if given is not None:
                later = _map(name, self.RANGES[name].check(name, given), numbers.pop(0), frame.ops)
                result = later.after(result)
        return result

    def get_config(self):
        return {**super().get_config(), **self._factors()}

    def _factors(self):
        """Returns what was given, in the order in which it is done."""
        return {
            "brightness_factor": self.brightness_factor,
            "contrast_factor": self.contrast_factor,
            "saturation_factor": self.saturation_factor,
            "hue_factor": self.hue_factor,
        }


def _map(name, pair, number, ops):
    """Returns the `Recolouring` of one of the four."""
    if name == "hue_factor":
        return _recolouring.hue_turned(random_hue.hue_angle(pair, number, ops), ops)
    factor = between(pair, number)
    if name == "saturation_factor":
        return _recolouring.saturation_scaled(random_saturation.saturation(factor, ops))
    if name == "contrast_factor":
        return _recolouring.contrast_per_channel(factor)
    return _recolouring.brightness_added(factor)
