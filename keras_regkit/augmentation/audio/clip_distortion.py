"""Clips whose peaks are cut off."""

from typing import Any

import keras

from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column
from keras_regkit.augmentation.audio._percentiles import limits
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class ClipDistortion(WaveformAugmentation):
    """Cuts the peaks of each clip off, so that a random percentage of its samples is at the limits.

        x ↦ min(max(x, P(p/2)), P(100 − p/2)),  p ~ U(low, high),  P(q) the q-th percentile of the clip

    Use it where recordings are too loud for their microphones. The percentiles are found to 1/65536 of the clip's
    range.

    Args:
        percentile_threshold: Range of percentages of samples that are at the limits, in [0, 100]: a number p for 0 to
            p, or a pair. Defaults to 40, as in audiomentations, which draws whole numbers.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, or holds NaN.

    Reference:
        Iver Jordal, audiomentations, ClippingDistortion.

    Example:

    >>> heard = ClipDistortion((50, 50))(np.arange(-50, 51, dtype="float32")).numpy()
    >>> heard.min().round().tolist(), heard.max().round().tolist()
    (-25.0, 25.0)
    """

    RANGES = {"percentile_threshold": Factor(0, 100, one_sided=True), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, percentile_threshold: RangeLike = 40, **kwargs: Any):
        super().__init__(**kwargs)
        self._threshold = self.RANGES["percentile_threshold"].check("percentile_threshold", percentile_threshold)
        self.percentile_threshold = percentile_threshold

    def change(self, waves, numbers, part, ops):
        half = between(self._threshold, column(numbers, 0, ops)) / 200
        low, high = limits(waves, half, part, ops)
        return ops.minimum(ops.maximum(waves, low), high)

    def get_config(self):
        return {**super().get_config(), "percentile_threshold": self.percentile_threshold}
