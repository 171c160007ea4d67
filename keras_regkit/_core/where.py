"""Which layers are meant: by name pattern, by type, or by a predicate."""

import re

import keras

from keras_regkit._core.paths import layer_paths


def expect_model(model):
    """Raises `TypeError` unless `model` is a Keras model."""
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a Keras model. Received: {model!r} of type {type(model).__name__}")


def matcher(where):
    """Returns a predicate over layers for `where`.

    Args:
        where: A regular expression searched in the layer's name, a layer class (or a tuple of them), or a predicate
            `layer -> bool`.

    Raises:
        ValueError: the expression is not valid.
        TypeError: `where` is nothing of that kind.
    """
    if isinstance(where, str):
        pattern = _pattern(where)
        return lambda layer: pattern.search(layer.name) is not None
    classes = where if isinstance(where, tuple) else (where,)
    if all(isinstance(c, type) and issubclass(c, keras.layers.Layer) for c in classes):
        return lambda layer: isinstance(layer, classes)
    if isinstance(where, keras.layers.Layer):
        # A layer can be called, as a predicate can.
        raise TypeError(
            "`where` must not be a layer itself: use its path or name, a regular expression, or its class. "
            f"Received: the layer {where.name!r} of class {type(where).__name__}"
        )
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
    expect_model(model)
    if not model.built:
        raise ValueError(
            f"The model must be built before its layers are selected. Received: {model.name!r}, which is not. "
            "Start it with keras.Input(shape), or call it on a batch"
        )
    layers = layer_paths(model)
    if isinstance(where, str):
        pattern = _pattern(where)
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


def _pattern(where):
    try:
        return re.compile(where)
    except re.error as error:
        raise ValueError(f"`where` must be a valid regular expression: {error}. Received: {where!r}") from None
