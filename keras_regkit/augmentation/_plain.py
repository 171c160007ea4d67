"""Arguments as they were given."""


def plain(value):
    """Returns lists as lists, also within others: Keras makes its own kind of those that a layer holds.

    >>> plain(([1, 2], 3))
    ([1, 2], 3)
    """
    if isinstance(value, list):
        return [plain(item) for item in value]
    return tuple(plain(item) for item in value) if isinstance(value, tuple) else value
