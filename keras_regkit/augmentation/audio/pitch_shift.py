"""Clips that are higher or lower."""

import math
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._frame_length import FrameLength, check_not_shorter
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column
from keras_regkit.augmentation.audio._resample import STEPS, read, steps_of
from keras_regkit.augmentation.audio._vocoder import stretched
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class PitchShift(WaveformAugmentation):
    """Makes clips higher or lower by random numbers of semitones, at the same speed and length.

        f ↦ 2^(s/12) f,  s ~ U(low, high)

    The clip is read 2^(s/12) times as fast, filtered so that nothing aliases, and then stretched to its length by the
    phase vocoder of `TimeStretch`.

    Use it where voices or instruments of other pitch say the same; not where pitch is what is asked for. Formants move
    along, as with the sampling rate.

    Args:
        semitones: Range of shifts, within [-12, 12]: a number s for -s to s, or a pair. Defaults to 4, as in
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
        Laroche and Dolson 1999, Improved Phase Vocoder Time-Scale Modification of Audio, section V.

    Example:

    >>> tone = np.sin(2 * np.pi * 400 * np.arange(4000) / 16000).astype("float32")
    >>> octave = PitchShift((12, 12))(tone).numpy()
    >>> int(np.argmax(np.abs(np.fft.rfft(octave)))) * 4
    800
    """

    RANGES = {"semitones": Factor(-12, 12), "frame_length": FrameLength(), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, semitones: RangeLike = 4, frame_length: int = 1024, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, frame_length=frame_length, probability=self.probability)
        self._semitones = self.RANGES["semitones"].check("semitones", semitones)
        self.semitones = semitones
        self.frame_length = frame_length

    def check_sample_shape(self, shape):
        check_not_shorter(self, shape)

    def change(self, waves, numbers, part, ops):
        samples = ops.shape(waves)[2]
        steps = steps_of(ops.exp(between(self._semitones, column(numbers, 0, ops)) * (math.log(2) / 12)), ops)
        # As long as the slowest becomes.
        slowest = math.floor(2 ** (self._semitones[0] / 12) * STEPS)
        longest = samples if slowest >= STEPS else -(-samples * STEPS // slowest)
        speed = ops.cast(steps, "float32") / STEPS
        # Time is as fast as before once both are done, wherever the clip begins.
        return stretched(read(waves, steps, longest, ops), 1 / speed, 0, self.frame_length, samples, ops)

    def get_config(self):
        return {**super().get_config(), "semitones": self.semitones, "frame_length": self.frame_length}
