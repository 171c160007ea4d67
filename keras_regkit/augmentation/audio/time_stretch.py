"""Clips that are faster or slower."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._frame_length import FrameLength, check_not_shorter
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column
from keras_regkit.augmentation.audio._vocoder import stretched
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class TimeStretch(WaveformAugmentation):
    """Makes clips faster or slower by random rates, at the same pitch and length.

        y(t) sounds like x(rate · t),  rate ~ U(low, high)

    by a phase vocoder: short spectra from other times, whose phases go on from frame to frame as they do in the clip,
    and are locked to those of the strongest bins near by. What becomes longer is cut, what becomes shorter ends in
    silence.

    Use it where people speak, sing or play at other speeds. Clicks and drums lose some of their edge.

    Args:
        rate: Range of rates, as a pair within [0.25, 4]; above 1 is faster. Defaults to (0.8, 1.25), as in
            audiomentations.
        frame_length: Samples in a spectrum, a multiple of 4, of about 50 ms: tones want more, speech less. Defaults to
            1024, for 16 kHz.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, is shorter than a frame,
            or holds NaN.

    Reference:
        Laroche and Dolson 1999, Improved Phase Vocoder Time-Scale Modification of Audio; Puckette 1995, Phase-locked
        Vocoder, for the locking.

    Example:

    >>> tone = np.sin(2 * np.pi * 440 * np.arange(4000) / 16000).astype("float32")
    >>> faster = TimeStretch((2, 2))(tone).numpy()
    >>> faster.shape, bool(np.abs(faster[1000]) > 0), bool(np.abs(faster[3000:]).max() < 0.01)
    ((4000,), True, True)
    """

    RANGES = {"rate": Factor(0.25, 4), "frame_length": FrameLength(), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, rate: Sequence[float] = (0.8, 1.25), frame_length: int = 1024, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, frame_length=frame_length, probability=self.probability)
        self._rate = self.RANGES["rate"].check("rate", rate)
        self.rate = rate
        self.frame_length = frame_length

    def check_sample_shape(self, shape):
        check_not_shorter(self, shape)

    def change(self, waves, numbers, part, ops):
        rate = between(self._rate, column(numbers, 0, ops))
        return stretched(waves, rate, part.start, self.frame_length, ops.shape(waves)[2], ops)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "frame_length": self.frame_length}
