"""How strong an op is for each image: a range, given as Keras' layers take it."""

import dataclasses
import numbers
from typing import Any


@dataclasses.dataclass(frozen=True)
class Factor:
    """A number f for the range from −f to f, or a pair for the range between.

    Args:
        low, high: The legal ends.
        one_sided: Whether a number f means the range from 0 to f.
    """

    low: float
    high: float
    one_sided: bool = False

    def check(self, name, value):
        """Returns the range as a pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if self._takes_pairs_alone() and _is_number(value):
            raise TypeError(
                f"`{name}` must be a pair of rising numbers within [{self.low:g}, {self.high:g}]. Received: {value!r}"
            )
        pair = tuple(value) if isinstance(value, tuple | list) else (0 if self.one_sided else _negative(value), value)
        if len(pair) != 2 or not all(_is_number(v) for v in pair):
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
            ((float("nan"), self.high), ValueError),
            (float("nan"), TypeError if self._takes_pairs_alone() else ValueError),
            ((self.high + 1, self.high + 2), ValueError),
            ((0.2, 0.1), ValueError),
        ]

    def _takes_pairs_alone(self):
        # A number would mean a range to both sides of 0, of which one is never legal.
        return self.low > 0 and not self.one_sided


@dataclasses.dataclass(frozen=True)
class Around:
    """How far a factor may be from 1: f for the range from 1 − f to 1 + f, or a pair for 1 − lower to 1 + upper.

    Args:
        high: The legal end of both.
    """

    high: float = 1

    def check(self, name, value):
        """Returns the range as a pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        if len(pair) != 2 or not all(_is_number(v) for v in pair):
            raise TypeError(f"`{name}` must be a number or a pair of numbers. Received: {value!r}")
        if not all(0 <= v <= self.high for v in pair):
            raise ValueError(
                f"`{name}` must be within [0, {self.high:g}], as a number f for factors from 1 - f to 1 + f, or as a "
                f"pair for factors from 1 - lower to 1 + upper. Received: {value!r}"
            )
        return 1 - pair[0], 1 + pair[1]

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "much", None, (0.1,), (0.1, "much"))]
        return [*bad, (float("nan"), ValueError), (-0.1, ValueError), ((0.1, self.high + 1), ValueError)]


@dataclasses.dataclass(frozen=True)
class Whole:
    """A whole number, or a pair of such.

    Args:
        low, high: The legal ends; None for none.
        rising: Whether a pair is a range, and must not fall.
        odd: Whether only odd numbers are legal.
    """

    low: int
    high: int | None = None
    rising: bool = False
    odd: bool = False

    def check(self, name, value):
        """Returns the pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        pair = tuple(value) if isinstance(value, tuple | list) else (value, value)
        whole = all(isinstance(v, numbers.Integral) and not isinstance(v, bool) for v in pair)
        if len(pair) != 2 or not whole:
            raise TypeError(f"`{name}` must be a whole number or a pair of whole numbers. Received: {value!r}")
        legal = all(v >= self.low and (self.high is None or v <= self.high) for v in pair)
        if not legal or (self.rising and pair[0] > pair[1]) or (self.odd and not all(v % 2 for v in pair)):
            kind = "odd and " if self.odd else ""
            end = "" if self.high is None else f" and at most {self.high}"
            order = " of rising numbers" if self.rising else ""
            raise ValueError(
                f"`{name}` must be {kind}at least {self.low}{end}, as a number or as a pair{order}. Received: {value!r}"
            )
        return pair

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "much", None, 1.5, (3,), (3, "much"))]
        bad.append((self.low - (2 if self.odd else 1), ValueError))
        bad += [(self.low + 1, ValueError)] if self.odd else []
        bad += [((self.low + 2, self.low), ValueError)] if self.rising else []
        return bad if self.high is None else [*bad, ((self.low, self.high + 1), ValueError)]


@dataclasses.dataclass(frozen=True)
class Maybe:
    """What another takes, or None.

    Args:
        other: Another, as `Factor`.
    """

    other: Any

    def check(self, name, value):
        """Returns None for None, else what the other returns or raises."""
        return None if value is None else self.other.check(name, value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(value, error) for value, error in self.other.bad_values() if value is not None]


def between(pair, number):
    """Returns the number at `number`, in [0, 1), of the range."""
    low, high = pair
    return low + (high - low) * number


def _negative(value):
    return -value if _is_number(value) else value


def _is_number(value):
    return isinstance(value, numbers.Real) and not isinstance(value, bool)
