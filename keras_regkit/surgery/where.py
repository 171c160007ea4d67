"""Which layers are meant: by name pattern, by type, or by a predicate."""

import re

import keras

from keras_regkit.surgery.paths import layer_paths


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


def select(model, where):
    """Returns `{path: layer}` for the layers within `model` that `where` selects, in order.

    Args:
        model: A built model of any kind.
        where: A regular expression searched in the layer's path (`"backbone/block_3/conv"`, without the model's own
            name), a layer class (or a tuple of them), or a predicate `layer -> bool`.

    Raises:
        ValueError: no layer is selected, the expression is not valid, or the model is not built.
    """
    if not model.built:
        raise ValueError(
            f"The model must be built before its layers are selected. Received: {model.name!r}, which is not. "
            "Start it with keras.Input(shape), or call it on a batch"
        )
    layers = layer_paths(model)
    if isinstance(where, str):
        try:
            pattern = re.compile(where)
        except re.error as error:
            raise ValueError(f"`where` must be a valid regular expression: {error}. Received: {where!r}") from None
        selected = {path: layer for path, layer in layers.items() if pattern.search(path)}
    else:
        matches = matcher(where)
        selected = {path: layer for path, layer in layers.items() if matches(layer)}
    if not selected:
        raise ValueError(
            f"`where` must select at least one layer of {model.name!r}. Received: {where!r}, which selects none of "
            f"{list(layers)}"
        )
    return selected
