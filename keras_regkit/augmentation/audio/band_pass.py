"""A filter that keeps a band."""

from typing import Any

import keras

from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._butterworth import band_pass, warped
from keras_regkit.augmentation.audio._filter import FILTER, FilterAugmentation
from keras_regkit.augmentation.audio._mel import mel_between
from keras_regkit.augmentation.audio._ranges import Positive
from keras_regkit.augmentation.image._factors import between


@keras.saving.register_keras_serializable("keras_regkit")
class BandPass(FilterAugmentation):
    """Keeps a random band of frequencies of each clip.

        |H(f)|² = 1 / (1 + ((W(f)² − W(a) W(b)) / (W(f) (W(b) − W(a))))²ⁿ),  W(f) = tan(π f / sampling_rate)

    with the edges a, b = center (1 ∓ bandwidth_fraction / 2).

    Use it where new clips come over radios and telephones. The filter is causal and recursive, as
    `scipy.signal.butter` and `sosfilt` make it, with edges of its own for each clip; it falls off by 6 dB an octave for
    each order, to both sides.

    Args:
        sampling_rate: Samples a second.
        center: Range in Hz of the middle of the band, as a pair within (0, sampling_rate / 2); evenly in mel. Defaults
            to (200, 4000), as in audiomentations.
        bandwidth_fraction: Range of the band's width as a fraction of its middle, as a pair within (0, 2). Defaults to
            (0.5, 1.99).
        order: n, 1 to 8. Defaults to 2, which is 12 dB an octave.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, a band reaches half the sampling rate, the audio has the
            wrong rank, or holds NaN.

    Reference:
        Butterworth 1930, On the Theory of Filter Amplifiers; Oppenheim and Schafer 2010, Discrete-Time Signal
        Processing, section 7.3, for the bilinear transform.

    Example:

    >>> tone = np.sin(2 * np.pi * 6000 * np.arange(1600) / 16000).astype("float32")
    >>> heard = BandPass(16000, center=(300, 600), seed=0)(tone).numpy()
    >>> bool(np.abs(heard[800:]).max() < 0.1)
    True
    """

    RANGES = {"center": Positive(), "bandwidth_fraction": Positive(2), **FILTER, **PROBABILITY}  # noqa: RUF012
    own_draws = 2

    def __init__(
        self,
        sampling_rate: float,
        center: RangeLike = (200, 4000),
        bandwidth_fraction: RangeLike = (0.5, 1.99),
        order: int = 2,
        **kwargs: Any,
    ):
        super().__init__(sampling_rate, order, **kwargs)
        self._center = self.RANGES["center"].check("center", center)
        self._fraction = self.RANGES["bandwidth_fraction"].check("bandwidth_fraction", bandwidth_fraction)
        self.check_below_nyquist("center", self._center[1] * (1 + self._fraction[1] / 2), center)
        self.center = center
        self.bandwidth_fraction = bandwidth_fraction

    def response(self, numbers, ops):
        center = mel_between(self._center, numbers[:, 0], ops)
        half = between(self._fraction, numbers[:, 1]) / 2
        low, high = (warped(center * (1 + side * half), self.sampling_rate, ops) for side in (-1, 1))
        return band_pass(low, high, self.order, ops)

    def get_config(self):
        return {**super().get_config(), "center": self.center, "bandwidth_fraction": self.bandwidth_fraction}
