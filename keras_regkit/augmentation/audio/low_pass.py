"""A filter that takes what is high."""

from typing import Any

import keras

from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._butterworth import low_pass, warped
from keras_regkit.augmentation.audio._filter import FILTER, FilterAugmentation
from keras_regkit.augmentation.audio._mel import mel_between
from keras_regkit.augmentation.audio._ranges import Positive


@keras.saving.register_keras_serializable("keras_regkit")
class LowPass(FilterAugmentation):
    """Takes frequencies above a random cut-off out of each clip.

        |H(f)|² = 1 / (1 + (W(f) / W(cutoff))²ⁿ),  W(f) = tan(π f / sampling_rate)

    Use it where new clips come over telephones, through walls or from worse microphones. The filter is causal and
    recursive, as `scipy.signal.butter` and `sosfilt` make it, with a cut-off of its own for each clip; it falls off by
    6 dB an octave for each order.

    Args:
        sampling_rate: Samples a second.
        cutoff: Range in Hz of the cut-off, where the power is halved, as a pair within (0, sampling_rate / 2); evenly
            in mel. Defaults to (150, 7500), as in audiomentations.
        order: n, 1 to 8. Defaults to 2, which is 12 dB an octave.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, a cut-off reaches half the sampling rate, the audio has
            the wrong rank, or holds NaN.

    Reference:
        Butterworth 1930, On the Theory of Filter Amplifiers; Oppenheim and Schafer 2010, Discrete-Time Signal
        Processing, section 7.3, for the bilinear transform.

    Example:

    >>> tone = np.sin(2 * np.pi * 6000 * np.arange(1600) / 16000).astype("float32")
    >>> heard = LowPass(16000, cutoff=(300, 600), seed=0)(tone).numpy()
    >>> bool(np.abs(heard[800:]).max() < 0.1)
    True
    """

    RANGES = {"cutoff": Positive(), **FILTER, **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, sampling_rate: float, cutoff: RangeLike = (150, 7500), order: int = 2, **kwargs: Any):
        super().__init__(sampling_rate, order, **kwargs)
        self._cutoff = self.RANGES["cutoff"].check("cutoff", cutoff)
        self.check_below_nyquist("cutoff", self._cutoff[1], cutoff)
        self.cutoff = cutoff

    def response(self, numbers, ops):
        cutoff = mel_between(self._cutoff, numbers[:, 0], ops)
        return low_pass(warped(cutoff, self.sampling_rate, ops), self.order, ops)

    def get_config(self):
        return {**super().get_config(), "cutoff": self.cutoff}
