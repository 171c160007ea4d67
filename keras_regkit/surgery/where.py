"""Which layers are meant: by name pattern, by type, or by a predicate."""

import re

import keras


def matcher(where):
    """Returns a predicate over layers for `where`.

    Args:
        where: A regular expression searched in the layer's name, a layer class (or a tuple of them), or a predicate
            `layer -> bool`.
    """
    if isinstance(where, str):
        pattern = re.compile(where)
        return lambda layer: pattern.search(layer.name) is not None
    classes = where if isinstance(where, tuple) else (where,)
    if all(isinstance(c, type) and issubclass(c, keras.layers.Layer) for c in classes):
        return lambda layer: isinstance(layer, classes)
    if callable(where):
        return where
    raise TypeError(
        "`where` must be a regular expression, a layer class (or a tuple of classes) or a function of a layer. "
        f"Received: {where!r}"
    )
