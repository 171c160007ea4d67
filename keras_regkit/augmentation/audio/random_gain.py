"""Clips that are louder or softer."""

from typing import Any

import keras

from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, amplitude, column
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class RandomGain(WaveformAugmentation):
    """Makes clips louder or softer by random numbers of decibels.

        x ↦ 10^(g/20) x,  g ~ U(low, high)

    Use it where microphones and distances differ; where clips are normalised afterwards, it does nothing. Whole numbers
    are clipped at the ends of their dtype, floats are not clipped.

    Args:
        gain_db: Range in decibels, within [-120, 120]: a number g for -g to g, or a pair. Defaults to 12, as in
            audiomentations.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, or holds NaN.

    Reference:
        Iver Jordal, audiomentations, Gain.

    Example:

    >>> RandomGain((20, 20))(np.ones(2, "float32")).numpy().round(3).tolist()
    [10.0, 10.0]
    """

    RANGES = {"gain_db": Factor(-120, 120), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, gain_db: RangeLike = 12, **kwargs: Any):
        super().__init__(**kwargs)
        self._gain = self.RANGES["gain_db"].check("gain_db", gain_db)
        self.gain_db = gain_db

    def change(self, waves, numbers, part, ops):
        return waves * amplitude(between(self._gain, column(numbers, 0, ops)), ops)

    def get_config(self):
        return {**super().get_config(), "gain_db": self.gain_db}
