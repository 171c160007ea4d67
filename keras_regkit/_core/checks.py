"""Argument checks in Keras' voice, with the legal values declared as data.

A component declares what it takes as a table, `RANGES = {"rate": Interval(0, 1, closed="left")}`, and calls
`check_arguments(RANGES, rate=rate)`. The contract test reads the same table to produce every illegal value.
"""

import dataclasses
import difflib
import math
import numbers


@dataclasses.dataclass(frozen=True)
class Interval:
    """The numbers between `low` and `high`; `closed` says which ends belong to it.

    Args:
        low, high: Ends of the interval; `-inf` and `inf` for none.
        closed: `"both"`, `"left"`, `"right"` or `"neither"`.
        integer: Whether only whole numbers are legal.
        optional: Whether `None` is legal.
    """

    low: float = -math.inf
    high: float = math.inf
    closed: str = "both"
    integer: bool = False
    optional: bool = False

    def __str__(self):
        left = "[" if self.closed in ("both", "left") and math.isfinite(self.low) else "("
        right = "]" if self.closed in ("both", "right") and math.isfinite(self.high) else ")"
        low = "-inf" if self.low == -math.inf else f"{self.low:g}"
        high = "inf" if self.high == math.inf else f"{self.high:g}"
        return f"{left}{low}, {high}{right}"

    def __contains__(self, value):
        above = value >= self.low if self.closed in ("both", "left") else value > self.low
        below = value <= self.high if self.closed in ("both", "right") else value < self.high
        return math.isfinite(value) and above and below

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if value is None and self.optional:
            return value
        kind = numbers.Integral if self.integer else numbers.Real
        if isinstance(value, bool) or not isinstance(value, kind):
            wanted = "an integer" if self.integer else "a number"
            also = " or None" if self.optional else ""
            # Schedules have both. A strength that takes one has looked for it before it comes here.
            moves = callable(value) and hasattr(value, "get_config")
            hint = (
                ". This one cannot move; a penalty can, in regularizers.Scheduled(penalty, schedule)" if moves else ""
            )
            raise TypeError(
                f"`{name}` must be {wanted} in {self}{also}. Received: {value!r} of type {type(value).__name__}{hint}"
            )
        if value not in self:
            raise ValueError(f"`{name}` must be in {self}. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(True, TypeError), ("much", TypeError), (math.nan, ValueError)]
        bad += [(math.inf, ValueError), (-math.inf, ValueError)]
        if self.integer:
            bad = [(v, TypeError) for v, _ in bad] + [(1.5, TypeError)]
        if not self.optional:
            bad.append((None, TypeError))
        kind = int if self.integer else float
        if math.isfinite(self.low):
            bad.append((kind(self.low - 1), ValueError))
            if self.closed in ("right", "neither"):
                bad.append((kind(self.low), ValueError))
        if math.isfinite(self.high):
            bad.append((kind(self.high + 1), ValueError))
            if self.closed in ("left", "neither"):
                bad.append((kind(self.high), ValueError))
        return bad


@dataclasses.dataclass(frozen=True)
class OneOf:
    """One of the named `options`."""

    options: tuple

    def __init__(self, *options):
        object.__setattr__(self, "options", options)

    def check(self, name, value):
        """Returns `value`; raises `ValueError` that names the alternatives."""
        if not any(value is option or value == option for option in self.options):
            raise ValueError(
                f"`{name}` must be one of {list(self.options)}.{did_you_mean(value, self.options)} Received: {value!r}"
            )
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("no such option", ValueError), (3.5, ValueError)]


def check_arguments(ranges, **values):
    """Checks every named value against its entry in `ranges`."""
    for name, value in values.items():
        ranges[name].check(name, value)


def did_you_mean(name, options, likeness=0.6):
    """Returns `" Did you mean 'x'?"` for the closest option, if it is at least so alike, or an empty string."""
    close = difflib.get_close_matches(str(name), [str(o) for o in options if o is not None], 1, likeness)
    return f" Did you mean {close[0]!r}?" if close else ""
