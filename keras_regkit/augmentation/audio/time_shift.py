"""Clips that begin earlier or later."""

from typing import Any

import keras

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.audio._layer import WaveformAugmentation, column
from keras_regkit.augmentation.image._factors import Factor, between


@keras.saving.register_keras_serializable("keras_regkit")
class TimeShift(WaveformAugmentation):
    """Moves clips in time by random fractions of their length, later where the number is positive.

        y(n) = x(n − k),  k = round(s · length),  s ~ U(low, high)

    Use it where events are not always at the same place in a clip. What leaves at one end comes in at the other, or
    silence does.

    Args:
        shift: Range of fractions, within [-1, 1]: a number s for -s to s, or a pair. Defaults to 0.5, as in
            audiomentations.
        rollover: Whether what leaves comes in again. Defaults to True.
        probability: Share of the clips that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Audio `(batch, samples)`, `(batch, samples, channels)` or `(samples,)`, float or int, or a dict with
            `audio`; further keys pass through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the audio has the wrong rank, or holds NaN.

    Reference:
        Iver Jordal, audiomentations, Shift; its fade at the seam is left out.

    Example:

    >>> TimeShift((0.25, 0.25))(np.array([1.0, 2.0, 3.0, 4.0], "float32")).numpy().tolist()
    [4.0, 1.0, 2.0, 3.0]
    >>> TimeShift((0.25, 0.25), rollover=False)(np.array([1.0, 2.0, 3.0, 4.0], "float32")).numpy().tolist()
    [0.0, 1.0, 2.0, 3.0]
    """

    RANGES = {"shift": Factor(-1, 1), "rollover": OneOf(True, False), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, shift: RangeLike = 0.5, rollover: bool = True, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rollover=rollover, probability=self.probability)
        self._shift = self.RANGES["shift"].check("shift", shift)
        self.shift = shift
        self.rollover = rollover

    def change(self, waves, numbers, part, ops):
        samples = ops.shape(waves)[2]
        start, length = (v[..., None] if hasattr(v, "shape") and len(v.shape) else v for v in (part.start, part.length))
        share = between(self._shift, column(numbers, 0, ops))
        distance = ops.cast(ops.floor(share * ops.cast(length, "float32") + 0.5), "int32")
        source = ops.arange(0, samples, dtype="int32") - start - distance
        before, after = source < 0, source >= length
        if self.rollover:
            source = ops.where(before, source + length, ops.where(after, source - length, source))
        source = ops.minimum(ops.maximum(source + start, 0), samples - 1)
        moved = ops.take_along_axis(waves, ops.broadcast_to(source, ops.shape(waves)), axis=2)
        if self.rollover:
            return moved
        return ops.where(ops.logical_or(before, after), ops.zeros_like(moved), moved)

    def get_config(self):
        return {**super().get_config(), "shift": self.shift, "rollover": self.rollover}
