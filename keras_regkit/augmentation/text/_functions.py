"""Arguments that are functions."""


class OptionalFunction:
    """A function, or None.

    Args:
        what: What it is a function of, for errors.
        optional: Whether None is legal.
    """

    def __init__(self, what, optional=True):
        self.what, self.optional = what, optional

    def check(self, name, value):
        """Returns `value`; raises `TypeError` where it cannot be called."""
        if callable(value) or (value is None and self.optional):
            return value
        also = ", or None" if self.optional else ""
        raise TypeError(f"`{name}` must be a function {self.what}{also}. Received: {value!r:.80}")

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(3, TypeError), ("jieba", TypeError)] + ([] if self.optional else [(None, TypeError)])
