"""Naming weights by the end of their paths.

A path is `"block_1/dense/kernel"`, with the model's name in front of it or not: loading a model takes it away. So
patterns are anchored at the end, and begin at a name.
"""

import dataclasses
import re


@dataclasses.dataclass(frozen=True)
class Patterns:
    """A list of regular expressions; with `optional`, or None."""

    optional: bool = False

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for anything but a list of strings, `ValueError` for a faulty pattern."""
        if value is None and self.optional:
            return value
        if not isinstance(value, list | tuple) or not all(isinstance(pattern, str) for pattern in value):
            raise TypeError(f"`{name}` must be a list of regular expressions. Received: {value!r}")
        for pattern in value:
            check_pattern(name, pattern, value)
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [("kernel", TypeError), ([1], TypeError), (["("], ValueError)]
        return bad if self.optional else [*bad, (None, TypeError)]


def check_pattern(name, pattern, value):
    """Raises `ValueError` unless `pattern`, which is in `value`, is a regular expression."""
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"`{name}` must hold regular expressions. Received: {value!r}, with {error}") from None


def fits(pattern, path):
    """Whether the pattern fits the end of the path, from the beginning of one of its names.

    >>> fits("dense/kernel", "model/dense/kernel"), fits("kernel", "model/dense/my_kernel"), fits("dense", "dense/bias")
    (True, False, False)
    """
    return re.search(rf"(?:^|/)(?:{pattern})$", path) is not None


def fits_any(patterns, variable):
    """Whether one of the patterns fits the variable's path."""
    return any(fits(pattern, variable.path) for pattern in patterns)
