"""What a function did to a model."""


class Changes(dict):
    """What was changed in a model: path -> what is there now. What was there before is in `before`.

    Args:
        after: Dict from the path of a layer or weight to the new value.
        before: Dict from the same paths to the old value.

    Example:

    >>> Changes({"hidden/kernel": "l2"}, {"hidden/kernel": None})
    1 change
      hidden/kernel: None -> 'l2'
    """

    def __init__(self, after=(), before=()):
        super().__init__(after)
        self.before = dict(before)

    def __repr__(self):
        lines = [f"  {path}: {_short(self.before.get(path))} -> {_short(now)}" for path, now in self.items()]
        return "\n".join([f"{len(self)} change{'' if len(self) == 1 else 's'}", *lines])


def _short(value):
    """An object of Keras in one line: its class and what it was made with."""
    if not hasattr(value, "get_config"):
        return repr(value)
    return f"{type(value).__name__}({', '.join(f'{key}={item!r}' for key, item in value.get_config().items())})"
