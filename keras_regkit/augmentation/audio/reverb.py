"""Clips in rooms."""

import math
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Array, RangeLike
from keras_regkit.augmentation._hashed import hashed_normal
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._fft_length import fft_length
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column, power, quotient
from keras_regkit.augmentation.audio._noise import recordings, recordings_refused
from keras_regkit.augmentation.audio._ranges import Positive
from keras_regkit.augmentation.audio._stored import loaded
from keras_regkit.augmentation.image._factors import between


class _Responses:
    """Impulse responses `(responses, samples)`, or None."""

    def check(self, name, value):
        return None if value is None else recordings(name, value)

    def bad_values(self):
        return recordings_refused()


@keras.saving.register_keras_serializable("keras_regkit")
class Reverb(WaveformAugmentation):
    """Puts each clip into a room: convolves it with an impulse response, and brings it back to its power.

        y = a Σ_m h(m) x(n − m),  a such that P(y) = P(x)

    with one of your responses, drawn for each clip, or with a synthetic one: direct sound, and noise of the same energy
    that decays by 60 dB in a random time T,

        h(0) = 1,  h(m) ∝ N(0, 1) · 10^(−3 m / (sampling_rate · T)),  T ~ U(low, high)

    Use it where new clips come from rooms and farther away, best with responses measured in such rooms. The clip keeps
    its length: the tail behind its end is cut.

    Args:
        sampling_rate: Samples a second; synthetic responses need it. Defaults to None.
        rt60: Range of T in seconds, a pair above 0. Defaults to (0.15, 0.8), the times of rooms in audiomentations.
        impulse_responses: Array `(responses, samples)` to draw from, or None for synthetic ones. Defaults to None.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, neither `sampling_rate` nor `impulse_responses` is
            given, the audio has the wrong rank, or holds NaN.

    Reference:
        Ko et al. 2017, A Study on Data Augmentation of Reverberant Speech for Robust Speech Recognition; Polack 1993,
        Playing Billiards in the Concert Hall, for decaying noise.

    Example:

    >>> click = np.eye(1, 1600, dtype="float32")[0]
    >>> heard = Reverb(impulse_responses=[[0.8, 0.0, 0.6]])(click).numpy()
    >>> (10 * heard[:4]).round().astype(int).tolist()
    [8, 0, 6, 0]
    """

    RANGES = {  # noqa: RUF012
        "sampling_rate": Interval(0, closed="neither", optional=True),
        "rt60": Positive(),
        "impulse_responses": _Responses(),
        **PROBABILITY,
    }

    def __init__(
        self,
        sampling_rate: float | None = None,
        rt60: RangeLike = (0.15, 0.8),
        impulse_responses: Array | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, sampling_rate=sampling_rate, probability=self.probability)
        self._rt60 = self.RANGES["rt60"].check("rt60", rt60)
        self.impulse_responses = self.RANGES["impulse_responses"].check("impulse_responses", impulse_responses)
        if sampling_rate is None and impulse_responses is None:
            raise ValueError(
                "Reverb makes its responses for a `sampling_rate`, or takes yours as `impulse_responses`. "
                "Received: neither"
            )
        self.sampling_rate = sampling_rate
        self.rt60 = rt60

    def draws_for(self, shape):
        return 3 if self.impulse_responses is None else 1

    def change(self, waves, numbers, part, ops):
        samples = ops.shape(waves)[2]
        if self.impulse_responses is None:
            taps = math.ceil(self._rt60[1] * self.sampling_rate)
            length = fft_length(samples + taps - 1, ops)
            response = ops.rfft(_synthetic(numbers, self._rt60, self.sampling_rate, taps, ops), length)
        else:
            taps = self.impulse_responses.shape[1]
            length = fft_length(samples + taps - 1, ops)
            response = _drawn(self.impulse_responses, numbers, length, ops)
        (re, im), (own_re, own_im) = response, ops.rfft(waves, length)
        product = (own_re * re - own_im * im, own_re * im + own_im * re)
        heard = ops.irfft(product, length)[:, :, :samples]
        if part.inside is not None:
            heard = ops.where(part.inside, heard, ops.zeros_like(heard))
        return heard * ops.sqrt(quotient(power(waves, part, ops), power(heard, part, ops), ops))

    def get_config(self):
        return {
            **super().get_config(),
            "sampling_rate": self.sampling_rate,
            "rt60": self.rt60,
            "impulse_responses": self.impulse_responses,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "impulse_responses": loaded(config["impulse_responses"])})


def _synthetic(numbers, rt60, sampling_rate, taps, ops):
    """Returns a response for each clip, `(batch, 1, taps)`."""
    seconds = between(rt60, column(numbers, 0, ops))
    rate = -3 * math.log(10) / (sampling_rate * seconds)
    noise = ops.reshape(hashed_normal(numbers[:, 1:], taps, ops), (-1, 1, taps))
    place = ops.arange(0, taps, dtype="float32")
    # The squares of e^(rate · m) for all m from 1 on add up to e^(2 rate) / (1 − e^(2 rate)).
    level = ops.sqrt(ops.expm1(-2 * rate))
    tail = noise * level * ops.exp(rate * place)
    return ops.where(place > 0, tail, ops.ones_like(tail))


def _drawn(responses, numbers, length, ops):
    """Returns the spectrum of a random one of the responses for each clip."""
    count = len(responses)
    which = ops.minimum(ops.cast(numbers[:, 0] * count, "int32"), count - 1)
    if not isinstance(length, int):
        return ops.rfft(ops.take(ops.convert_to_tensor(responses), which, axis=0)[:, None], length)
    spectra = np.fft.rfft(responses, length).astype("complex64")
    return tuple(ops.take(ops.convert_to_tensor(p), which, axis=0)[:, None] for p in (spectra.real, spectra.imag))
