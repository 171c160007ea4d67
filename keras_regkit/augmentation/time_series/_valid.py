"""The part of each series that is no padding, and reading along it."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Valid:
    """The valid steps of each series, counted from 0 as if there were no padding.

    Args:
        mask: Boolean `(batch, steps)`, or None where all steps are valid.
        position: Number of each step among the valid ones, `(batch or 1, steps)`, float32; where a step is padding,
            that of the valid step before.
        length: Number of valid steps, `(batch or 1, 1)`, float32, and at least 1.
        places: Flat; at `sample * steps + number` the row of a valid step in `(batch * steps, features)`. None where
            all steps are valid.
    """

    mask: Any
    position: Any
    length: Any
    places: Any

    @classmethod
    def of(cls, x, mask, ops):
        """Returns the valid part of series `(batch, steps, features)`."""
        steps = ops.arange(0, ops.shape(x)[1], dtype="int32")
        if mask is None:
            position = ops.cast(steps, "float32")[None]
            return cls(None, position, position[:, -1:] + 1, None)
        number = ops.cumsum(ops.cast(mask, "int32"), axis=1) - 1
        length = ops.cast(ops.maximum(number[:, -1:] + 1, 1), "float32")
        # Scattered, which is five times quicker than to sort: each valid step writes where it lies. Padding writes
        # behind the end.
        first = _first_rows(x, ops)
        rows = first + steps
        count = ops.shape(x)[0] * ops.shape(x)[1]
        to = ops.where(mask, first + number, count * ops.ones_like(rows))
        places = ops.segment_sum(ops.reshape(rows, (-1,)), ops.reshape(to, (-1,)), count + 1)
        return cls(mask, ops.cast(ops.maximum(number, 0), "float32"), length, places)

    def fraction(self, ops):
        """Returns where each step lies between the first, 0, and the last, 1: `(batch or 1, steps)`."""
        return self.position / ops.maximum(self.length - 1, 1.0)

    def kept(self, new, x, ops):
        """Returns the new series with the padding of the old ones."""
        return new if self.mask is None else ops.where(self.mask[..., None], new, x)

    def pick(self, x, number, ops):
        """Returns the valid steps of these numbers, int32 `(batch, steps)`, as `(batch, steps, features)`."""
        rows = number + _first_rows(x, ops)
        rows = rows if self.places is None else ops.take(self.places, rows, axis=0)
        return ops.take(ops.reshape(x, (-1, x.shape[-1])), rows, axis=0)

    def read(self, x, at, ops):
        """Returns the series at these places between valid steps, float `(batch, steps)`, by linear interpolation."""
        before = ops.maximum(ops.minimum(ops.floor(at), self.length - 2), 0.0)
        after = ops.minimum(before + 1, self.length - 1)
        share = ops.clip(at - before, 0.0, 1.0)[..., None]
        left, right = (self.pick(x, ops.cast(number, "int32"), ops) for number in (before, after))
        return left + share * (right - left)


def _first_rows(x, ops):
    """Returns the row of the first step of each series in `(batch * steps, features)`: int32 `(batch, 1)`."""
    return (ops.arange(0, ops.shape(x)[0], dtype="int32") * ops.shape(x)[1])[:, None]


def whole(uniform, high, ops):
    """Returns whole numbers from 0 to `high`, each as often, from uniform ones in [0, 1). All are floats."""
    # Rounding may bring a number just below 1 up to `high` + 1.
    return ops.minimum(ops.floor(uniform * (high + 1)), high)
