"""A strength that jumps."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_regkit._core.checks import OneOf
from keras_regkit.strengths.schedule import FINITE, LENGTH, Schedule


@keras.saving.register_keras_serializable("keras_regkit")
class Piecewise(Schedule):
    """Holds one value after another.

        value(t) = values[i]  while  boundaries[i − 1] ≤ t < boundaries[i]

    Use it for training in phases, such as no dropout for three epochs and then 0.5.

    Args:
        boundaries: The times at which the value changes: above 0, each later than the one before.
        values: The values, one more than there are boundaries.
        unit: `"steps"` or `"epochs"`. Defaults to `"steps"`.
        steps_per_epoch: Steps in an epoch. Needed for `"epochs"`, except in `callbacks.StrengthSchedule`. Defaults to
            None.

    Raises:
        TypeError, ValueError: a value is no finite number, the times do not rise, or there are too few or many values.

    Example:

    >>> [float(Piecewise([10, 20], [0.0, 0.25, 0.5])(step)) for step in (0, 9, 10, 20)]
    [0.0, 0.0, 0.25, 0.5]
    """

    def __init__(
        self,
        boundaries: Sequence[float],
        values: Sequence[float],
        unit: str = "steps",
        steps_per_epoch: int | None = None,
    ):
        OneOf("steps", "epochs").check("unit", unit)
        super().__init__(unit, steps_per_epoch)
        boundaries, values = list(boundaries), list(values)
        for boundary in boundaries:
            LENGTH.check("boundaries", boundary)
        for value in values:
            FINITE.check("values", value)
        if not boundaries or boundaries != sorted(set(boundaries)):
            raise ValueError(f"`boundaries` must be at least one time, and rise. Received: {boundaries}")
        if len(values) != len(boundaries) + 1:
            raise ValueError(
                "`values` must be one more than `boundaries`. "
                f"Received: {len(values)} values, {len(boundaries)} boundaries"
            )
        self.boundaries = boundaries
        self.values = values

    def at(self, time):
        passed = ops.sum(ops.cast(time >= ops.array(self.boundaries, "float32"), "int32"))
        return ops.take(ops.array(self.values, "float32"), passed)

    def get_config(self):
        return {
            "boundaries": self.boundaries,
            "values": self.values,
            "unit": self.unit,
            "steps_per_epoch": self.steps_per_epoch,
        }
