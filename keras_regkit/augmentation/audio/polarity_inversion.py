"""Clips with the other sign."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class PolarityInversion(WaveformAugmentation):
    """Turns the sign of some clips.

        x ↦ −x

    Use it on waveforms always: it sounds the same. Models of spectrograms without phase do not see it.

    Args:
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 0.5.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, or holds NaN.

    Reference:
        Iver Jordal, audiomentations, PolarityInversion.

    Example:

    >>> PolarityInversion(probability=1)(np.array([1.0, -2.0], "float32")).numpy().tolist()
    [-1.0, 2.0]
    """

    RANGES = PROBABILITY

    def __init__(self, probability: float = 0.5, **kwargs: Any):
        super().__init__(probability=probability, **kwargs)
        check_arguments(self.RANGES, probability=probability)

    def change(self, waves, numbers, part, ops):
        return -waves
