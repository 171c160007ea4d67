"""Ranges that audio layers take."""

import dataclasses
import math
import numbers


@dataclasses.dataclass(frozen=True)
class Positive:
    """A pair of rising numbers above 0; or one, for a range of that alone.

    Args:
        high: The legal end, which does not belong to it.
    """

    high: float = math.inf

    def check(self, name, value):
        """Returns the range as a pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(pair) != 2 or any(isinstance(v, bool) or not isinstance(v, numbers.Real) for v in pair):
            raise TypeError(f"`{name}` must be a number or a pair of numbers. Received: {value!r}")
        if not 0 < pair[0] <= pair[1] < self.high:
            raise ValueError(
                f"`{name}` must be within (0, {self.high:g}), as a number or as a pair of rising numbers. "
                f"Received: {value!r}"
            )
        return pair

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "much", None, (0.1,), (0.1, "much"))]
        bad += [(value, ValueError) for value in (math.nan, 0, -1.0, (0.2, 0.1), (0, 0.1), (0.1, math.nan))]
        return [*bad, ((0.1, math.inf), ValueError), ((0.1, self.high), ValueError)]
