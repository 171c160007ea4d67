"""Arguments that are lists of numbers."""

import dataclasses
import math
import numbers


@dataclasses.dataclass(frozen=True)
class Positive:
    """A list of positive numbers, at least one."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        is_list = isinstance(value, list | tuple)
        if not is_list or not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in value):
            raise TypeError(f"`{name}` must be a list of numbers. Received: {value!r}")
        if not value or not all(v > 0 and math.isfinite(v) for v in value):
            raise ValueError(f"`{name}` must hold at least one number, and none but positive ones. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        wrong = [(value, TypeError) for value in (None, 2.0, "2", (True,), ("2",))]
        return [*wrong, *((value, ValueError) for value in ((), (0.0,), (0.5, -1.0), (math.nan,), (math.inf,)))]
