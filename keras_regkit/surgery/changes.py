"""What a function did to a model."""

from keras_regkit._core.words import counted


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
        return "\n".join([counted(len(self), "change"), *lines])


_LONGEST = 60


def _short(value):
    """An object of Keras in one short line: its class and what it was made with."""
    if not hasattr(value, "get_config"):
        return _cut(repr(value))
    arguments = ", ".join(f"{key}={_item(item)}" for key, item in value.get_config().items())
    return _cut(f"{type(value).__name__}({arguments})")


def _item(item):
    """An entry of a config: whole objects within it by their class alone, arrays not at all."""
    if isinstance(item, dict):
        return f"{item['class_name']}(…)" if "class_name" in item else "…"
    return repr(item)


def _cut(text):
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
