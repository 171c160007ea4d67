"""A strength that is brought in slowly."""

from typing import Any

import keras
from keras import ops

from keras_regkit.strengths.schedule import FINITE, Schedule, unit_of


@keras.saving.register_keras_serializable("keras_regkit")
class WarmUp(Schedule):
    """Rises in a straight line to a strength, and goes on with it.

        value(t) = start + (after(0) − start) · t / length     while t < length
        value(t) = after(t − length)                           from there on

    Use it where a lever at full strength keeps a fresh model from learning anything.

    Args:
        after: What comes after: a number, or a schedule with the same unit, whose time begins when the warm-up ends.
        steps: Length of the warm-up in training steps. Give this or `epochs`.
        epochs: Length in epochs; the value moves from one epoch to the next.
        start: Value at time 0. Defaults to 0.
        steps_per_epoch: Steps in an epoch. Needed with `epochs`, except in `callbacks.StrengthSchedule`. Defaults to
            None.

    Raises:
        TypeError, ValueError: a value is no finite number, not exactly one length is given, or `after` counts in
            another unit.

    Example:

    >>> [float(WarmUp(0.5, steps=10)(step)) for step in (0, 5, 10, 99)]
    [0.0, 0.25, 0.5, 0.5]
    """

    def __init__(
        self,
        after: Any,
        steps: int | None = None,
        epochs: int | None = None,
        start: float = 0.0,
        steps_per_epoch: int | None = None,
    ):
        FINITE.check("start", start)
        super().__init__(unit_of(steps, epochs), steps_per_epoch)
        if isinstance(after, dict):
            after = keras.saving.deserialize_keras_object(after)
        if not isinstance(after, keras.optimizers.schedules.LearningRateSchedule):
            FINITE.check("after", after)
        elif getattr(after, "unit", "steps") != self.unit:
            raise ValueError(f"`after` must count {self.unit}, as the warm-up does. Received: {after!r}")
        self.after = after
        self.steps = steps
        self.epochs = epochs
        self.start = start

    def at(self, time):
        length = self.steps or self.epochs
        share = ops.clip(time / length, 0.0, 1.0)
        first = self._after(ops.zeros_like(time))
        rising = self.start + (first - self.start) * share
        return ops.where(time < length, rising, self._after(ops.maximum(time - length, 0.0)))

    def _after(self, time):
        if isinstance(self.after, Schedule):
            return self.after.at(time)
        return ops.cast(self.after(time) if callable(self.after) else self.after, "float32")

    def get_config(self):
        after = keras.saving.serialize_keras_object(self.after) if callable(self.after) else self.after
        return {
            "after": after,
            "steps": self.steps,
            "epochs": self.epochs,
            "start": self.start,
            "steps_per_epoch": self.steps_per_epoch,
        }
