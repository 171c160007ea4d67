"""Series without some of their frequencies."""

import math
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._valid import Valid, whole


@keras.saving.register_keras_serializable("keras_regkit")
class FrequencyMask(SeriesAugmentation):
    """Takes a random band of frequencies out of a series, the same of all its features.

        X_k = Σ_t x(t) exp(−2πi k t/n),  X_k ↦ 0 for a ≤ k < a + w;  w uniform up to the largest width, then a

    Use it where no single frequency should decide. The mean of a series, its frequency 0, is never taken out. It is the
    frequency mask of SpecAugment on the spectrum of the whole series, not of short windows.

    Args:
        max_width: Largest width of the band, as a share of the frequencies, in [0, 1]. Defaults to 0.2.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, frequencies are those of what is valid.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Park et al. 2019, SpecAugment: A Simple Data Augmentation Method for Automatic Speech Recognition, section 2,
        for the band; Chen et al. 2023, FrAug: Frequency Domain Augmentation for Time Series Forecasting, section 3.2,
        for series.

    Example:

    >>> wave = np.cos(np.arange(64) / 4).reshape(1, 64, 1).astype("float32") + 3
    >>> masked = FrequencyMask(1.0, seed=1)(wave).numpy()
    >>> float(masked.mean().round(2)) == float(wave.mean().round(2)), bool(masked.std() < wave.std())
    (True, True)
    """

    RANGES = {"max_width": Interval(0, 1), **PROBABILITY}  # noqa: RUF012
    own_draws = 2

    def __init__(self, max_width: float = 0.2, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, max_width=max_width, probability=self.probability)
        self.max_width = max_width

    def transform(self, x, numbers, mask, ops):
        valid = Valid.of(x, mask, ops)
        count = ops.floor(valid.length / 2)
        width = whole(numbers[:, :1], ops.floor(self.max_width * count + 1e-4), ops)
        first = 1 + whole(numbers[:, 1:], count - width, ops)
        if mask is None:
            return without_band(x, first, width, ops)
        return valid.kept(x - band(x, first, width, valid, ops), x, ops)

    def get_config(self):
        return {**super().get_config(), "max_width": self.max_width}


def without_band(x, first, width, ops):
    """Returns series without the frequencies from `first` on, `(batch, 1)` each, where all steps are valid."""
    steps = ops.shape(x)[1]
    spectrum = ops.rfft(ops.transpose(x, (0, 2, 1)))
    k = ops.arange(0, steps // 2 + 1, dtype="float32")[None]
    kept = ops.cast(ops.logical_or(k < first, k >= first + width), "float32")[:, None]
    series = ops.irfft(tuple(part * kept for part in spectrum), fft_length=steps)
    return ops.transpose(series, (0, 2, 1))


def band(x, first, width, valid, ops):
    """Returns what the frequencies of a band make of each series, where its length is that of its valid part.

    A Fourier transform of another length for each series is none that can be vectorised. The band is a circular
    convolution, whose kernel has a closed form for every length n; one transform of twice the steps computes it.

        h(d) = (sin((2k₁ + 1) π d/n) − sin((2k₀ − 1) π d/n)) / (n sin(π d/n)),  k₀ … k₁ the band

    Args:
        x: `(batch, steps, features)`.
        first: k₀, `(batch, 1)`.
        width: k₁ − k₀ + 1, `(batch, 1)`.
        valid: The `Valid` of x, with a mask.
        ops: The functions to compute with.

    Returns:
        Tensor like x; what it holds where a step is padding has no meaning.
    """
    steps = ops.shape(x)[1]
    number = ops.arange(0, steps, dtype="int32")
    inside = ops.cast(number, "float32")[None] < valid.length
    packed = valid.pick(x, ops.cast(ops.minimum(ops.cast(number, "float32")[None], valid.length - 1), "int32"), ops)
    packed = ops.where(inside[..., None], packed, ops.zeros_like(packed))
    around = ops.arange(0, 2 * steps, dtype="int32")
    distance = ops.where(around < steps, around, around - 2 * steps)[None]
    kernel = band_kernel(distance, first, width, valid.length, ops)
    a, b = ops.rfft(ops.transpose(packed, (0, 2, 1)), fft_length=2 * steps)
    c, d = (part[:, None] for part in ops.rfft(kernel))
    found = ops.irfft((a * c - b * d, a * d + b * c), fft_length=2 * steps)
    found = ops.reshape(ops.transpose(found, (0, 2, 1))[:, :steps], ops.shape(x))
    rows = ops.arange(0, ops.shape(x)[0], dtype="int32")[:, None] * steps + ops.cast(valid.position, "int32")
    return ops.take(ops.reshape(found, (-1, x.shape[-1])), rows, axis=0)


def band_kernel(distance, first, width, length, ops):
    """Returns h at whole distances, `(batch, distances)`; see `band`."""
    n = ops.cast(length, "int32")
    d = ops.mod(distance, n)
    low = ops.cast(first, "int32")
    high = low + ops.cast(width, "int32") - 1
    safe = ops.maximum(ops.cast(d, "float32"), 0.5)
    ratio = (_sine(2 * high + 1, d, n, ops) - _sine(2 * low - 1, d, n, ops)) / ops.sin(math.pi * safe / length)
    ratio = ops.where(ops.equal(d, 0), 2 * width, ratio)
    # The frequency of half the steps has no partner that turns the other way.
    alternating = 1 - 2 * ops.cast(ops.mod(d, 2), "float32")
    alone = ops.cast(ops.logical_and(ops.equal(2 * high, n), width > 0), "float32")
    return (ratio - alone * alternating) / length


def _sine(k, d, n, ops):
    """Returns sin(π k d/n) of whole numbers, exactly reduced to one turn: for up to 2²⁰ steps in 32 bits."""
    upper, lower = ops.floor_divide(d, 1024), ops.mod(d, 1024)
    turn = ops.mod(ops.mod(k * 1024, 2 * n) * upper, 2 * n) + ops.mod(k * lower, 2 * n)
    return ops.sin(math.pi * ops.cast(ops.mod(turn, 2 * n), "float32") / ops.cast(n, "float32"))
