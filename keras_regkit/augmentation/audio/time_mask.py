"""Clips with a silent stretch."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class TimeMask(WaveformAugmentation):
    """Silences a random stretch of each clip.

        x(n) ↦ g(n) x(n),  g = 0 for t₀ ≤ n < t₀ + t,  t = ⌊b · length⌋,  b ~ U(low, high)

    with t₀ uniform in 0 ... length − t. Within the stretch the sound fades out and in again, so that it does not click.

    Use it so that a model does not hang on one moment of a clip.

    Args:
        band_part: Range of the stretch's length as a fraction of the clip's, in [0, 1]: a number b for 0 to b, or a
            pair. Defaults to (0.01, 0.2), as in audiomentations.
        fade: Samples over which it fades at either end, at least 0, and at most half of the stretch. Defaults to 80,
            5 ms at 16 kHz.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, or holds NaN.

    Reference:
        Park et al. 2019, SpecAugment, section 2, for spectrograms; Iver Jordal, audiomentations, TimeMask.

    Example:

    >>> masked = TimeMask((0.5, 0.5), fade=0, seed=0)(np.ones(8, "float32")).numpy()
    >>> int(masked.sum())
    4
    """

    RANGES = {  # noqa: RUF012
        "band_part": Factor(0, 1, one_sided=True),
        "fade": Interval(0, closed="left", integer=True),
        **PROBABILITY,
    }
    own_draws = 2

    def __init__(self, band_part: RangeLike = (0.01, 0.2), fade: int = 80, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, fade=fade, probability=self.probability)
        self._part = self.RANGES["band_part"].check("band_part", band_part)
        self.band_part = band_part
        self.fade = fade

    def change(self, waves, numbers, part, ops):
        start, length = (v[..., None] if hasattr(v, "shape") and len(v.shape) else v for v in (part.start, part.length))
        span = ops.cast(length, "float32")
        size = ops.floor(between(self._part, column(numbers, 0, ops)) * span)
        first = ops.floor(column(numbers, 1, ops) * (span - size + 1))
        step = ops.cast(ops.arange(0, ops.shape(waves)[2], dtype="int32") - start, "float32") - first
        # How deep a sample lies within the stretch: 1 for the first and last one, less than 1 outside.
        depth = ops.minimum(step + 1, size - step)
        fade = ops.minimum(float(self.fade), ops.floor(size / 2))
        return waves * (1 - ops.clip(depth / (fade + 1), 0.0, 1.0))

    def get_config(self):
        return {**super().get_config(), "band_part": self.band_part, "fade": self.fade}
