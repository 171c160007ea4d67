"""Clips with noise."""

from typing import Any

import keras

from keras_regkit._core.types import Array, RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, amplitude, column, power, quotient
from keras_regkit.augmentation.audio._noise import Noise, pink, recorded, white
from keras_regkit.augmentation.audio._silence import check_no_silence
from keras_regkit.augmentation.audio._stored import loaded
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class AddNoise(WaveformAugmentation):
    """Adds noise to each clip, at a random distance from its loudness.

        x ↦ x + √(P(x) / P(n)) · 10^(−s/20) · n,  s ~ U(low, high),  P(x) = mean of x²

    so that 10 log₁₀ of the ratio of powers is s, over all that is not padding; of white noise, P(n) is what it is on
    average. It is normal and independent from sample to sample and channel to channel; the power of pink noise falls by
    3 dB an octave. Of your own recordings, each clip gets a random one from a random moment on, again from its
    beginning where it ends.

    Use it where new clips come from noisy places, best with recordings of such places. A silent clip has no ratio to
    noise: it is refused, and left as it is where numbers are not known yet, as in compiled steps and `tf.data`, or
    where an op before made it silent. So is a clip that meets a silent moment of a recording.

    Args:
        noise: `"white"`, `"pink"`, or an array of recordings `(clips, samples)`. Defaults to `"white"`.
        snr_db: Range of the signal-to-noise ratio in decibels, a pair within [-120, 120]. Defaults to (5, 40), as in
            audiomentations.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, holds NaN, or a clip is
            silent.

    Reference:
        Iver Jordal, audiomentations, AddGaussianSNR and AddBackgroundNoise.

    Example:

    >>> tone = np.sin(np.arange(16000)).astype("float32")
    >>> noise = AddNoise("pink", snr_db=(20, 20), seed=0)(tone).numpy() - tone
    >>> int(round(10 * np.log10(np.mean(tone**2) / np.mean(noise**2))))
    20
    """

    RANGES = {"noise": Noise(), "snr_db": Factor(-120, 120), **PROBABILITY}  # noqa: RUF012
    own_draws = 3

    def __init__(self, noise: str | Array = "white", snr_db: RangeLike = (5, 40), **kwargs: Any):
        super().__init__(**kwargs)
        self._snr = self.RANGES["snr_db"].check("snr_db", snr_db)
        self.noise = self.RANGES["noise"].check("noise", noise)
        self.snr_db = snr_db

    def check_batch(self, x):
        check_no_silence(self, x)

    def change(self, waves, numbers, part, ops):
        level = amplitude(-between(self._snr, column(numbers, 0, ops)), ops)
        wanted, keys = power(waves, part, ops), numbers[:, 1:]
        if isinstance(self.noise, str) and self.noise == "white":
            # To measure it as well would be to compute it twice.
            return waves + ops.sqrt(wanted) * level * white(waves, keys, ops)
        noise = pink(waves, keys, ops) if isinstance(self.noise, str) else recorded(self.noise, waves, keys, ops)
        if part.inside is not None:
            noise = ops.where(part.inside, noise, ops.zeros_like(noise))
        return waves + ops.sqrt(quotient(wanted, power(noise, part, ops), ops)) * level * noise

    def get_config(self):
        return {**super().get_config(), "noise": self.noise, "snr_db": self.snr_db}

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "noise": loaded(config["noise"])})
