"""How strong an op is for each image: a range, given as Keras' layers take it."""

import dataclasses
import numbers


@dataclasses.dataclass(frozen=True)
class Factor:
    """A number f for the range from −f to f, or a pair for the range between.

    Args:
        low, high: The legal ends.
        one_sided: Whether a number f means the range from 0 to f (or from 1 − f: see `neutral`).
    """

    low: float
    high: float
    one_sided: bool = False

    def check(self, name, value):
        """Returns the range as a pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        pair = tuple(value) if isinstance(value, tuple | list) else (0 if self.one_sided else _negative(value), value)
        if len(pair) != 2 or not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in pair):
            raise TypeError(f"`{name}` must be a number or a pair of numbers. Received: {value!r}")
        if not self.low <= pair[0] <= pair[1] <= self.high:
            raise ValueError(
                f"`{name}` must be within [{self.low:g}, {self.high:g}], as a number or as a pair of rising numbers. "
                f"Received: {value!r}"
            )
        return pair

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "much", None, (0.1,), (0.1, "much"))]
        return [
            *bad,
            (float("nan"), ValueError),
            ((self.high + 1, self.high + 2), ValueError),
            ((0.2, 0.1), ValueError),
        ]


def between(pair, number):
    """Returns the number at `number`, in [0, 1), of the range."""
    low, high = pair
    return low + (high - low) * number


def _negative(value):
    return -value if isinstance(value, numbers.Real) and not isinstance(value, bool) else value
