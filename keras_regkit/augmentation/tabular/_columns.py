"""Which columns of a table are what."""

import dataclasses
import numbers

import numpy as np


@dataclasses.dataclass(frozen=True)
class Columns:
    """Numbers of columns: a list of different whole numbers from 0 on.

    Args:
        some: Whether there must be at least one.
    """

    some: bool = False

    def check(self, name, value):
        """Returns the columns; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        whole = isinstance(value, list | tuple) and all(
            isinstance(i, numbers.Integral) and not isinstance(i, bool) for i in value
        )
        if not whole:
            raise TypeError(f"`{name}` must be a list of numbers of columns, such as [3, 5]. Received: {value!r}")
        if any(i < 0 for i in value) or len(set(value)) < len(value):
            raise ValueError(f"`{name}` must be different numbers of columns, counted from 0. Received: {value!r}")
        if self.some and not value:
            raise ValueError(f"`{name}` must name at least one column. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (None, 3, "city", [True], [0.5])]
        return [*bad, ([-1], ValueError), ([2, 2], ValueError), *([([], ValueError)] if self.some else [])]


@dataclasses.dataclass(frozen=True)
class PerColumn:
    """A finite number for all columns, or a list with one for each; perhaps a word, or None.

    Args:
        low: The smallest legal number.
        word: A word that may stand for numbers, or None.
        single: Whether one number for all is legal.
        optional: Whether None is legal.
    """

    low: float = -np.inf
    word: str | None = None
    single: bool = True
    optional: bool = False

    def __str__(self):
        kinds = ["a number"] if self.single else []
        kinds += ["a list with one number for each column", *([repr(self.word)] if self.word else [])]
        least = f", at least {self.low:g}" if np.isfinite(self.low) else ""
        return " or ".join([*kinds, *(["None"] if self.optional else [])]) + least

    def check(self, name, value):
        """Returns the value; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if (value is None and self.optional) or (self.word and isinstance(value, str) and value == self.word):
            return value
        if self.word and isinstance(value, str):
            raise ValueError(f"`{name}` must be {self}. Received: {value!r}")
        held = list(value) if isinstance(value, list | tuple) else [value] if self.single else None
        if held is None or not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in held):
            raise TypeError(f"`{name}` must be {self}. Received: {value!r}")
        if not held or not all(np.isfinite(v) and v >= self.low for v in held):
            raise ValueError(f"`{name}` must be {self}. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(True, TypeError), ("much", ValueError if self.word else TypeError), (["much"], TypeError)]
        bad += [([], ValueError), ([float("nan")], ValueError)]
        bad += [] if self.optional else [(None, TypeError)]
        return bad + ([([self.low - 1], ValueError)] if np.isfinite(self.low) else [])


def check_width(name, value, columns, layer):
    """Raises `ValueError` where an argument, a number for each column or numbers of columns, does not fit the rows.

    Args:
        name: Name of the argument.
        value: List with a number for each of the columns.
        columns: Number of columns, or None.
        layer: Name of the layer.
    """
    if isinstance(value, list | tuple) and columns is not None and len(value) != columns:
        raise ValueError(
            f"Layer {layer!r} has `{name}` for {len(value)} columns. Received: rows of {columns}. Give it one number "
            "for each column"
        )


def check_columns(name, value, columns, layer):
    """Raises `ValueError` where an argument names columns that the rows do not have."""
    if value and columns is not None and max(value) >= columns:
        raise ValueError(
            f"Layer {layer!r} has {name}={list(value)!r}. Received: rows of {columns} columns, numbered from 0 to "
            f"{columns - 1}"
        )


def is_one_of(columns, count):
    """Returns a NumPy array `(1, count)`, True for these columns."""
    return np.isin(np.arange(count), list(columns))[None]
