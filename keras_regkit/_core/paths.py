"""Names for every layer and weight within a model: `"backbone/block_3/conv/kernel"`.

The model's own name is left out, so that a path stays the same in a copy, and after saving and loading.
"""

import dataclasses

import keras

from keras_regkit._core.tracking import sublayers


@dataclasses.dataclass(frozen=True)
class Weight:
    """A weight as it is held by a layer.

    Args:
        path: The layer's path and the variable's name.
        layer: The layer that made the variable.
        variable: The variable.
    """

    path: str
    layer: keras.layers.Layer
    variable: keras.Variable


def layer_paths(model):
    """Returns `{path: layer}` for every layer within `model`, parents first, each once, inputs left out."""
    found = {}
    _visit(model, "", found, set())
    return found


def weight_paths(model):
    """Returns a `Weight` for every weight within `model`, also those that it made itself, each once."""
    found, seen = {}, set()
    for path, layer in {"": model, **layer_paths(model)}.items():
        inner = {id(w) for sublayer in sublayers(layer) for w in sublayer.weights}
        for variable in layer.weights:
            if id(variable) not in inner | seen:
                seen.add(id(variable))
                weight = Weight(_unique(_join(path, variable.name), found), layer, variable)
                found[weight.path] = weight
    return list(found.values())


def _visit(layer, path, found, seen):
    for sublayer in sublayers(layer):
        if id(sublayer) in seen or isinstance(sublayer, keras.layers.InputLayer):
            continue
        seen.add(id(sublayer))
        inner = _unique(_join(path, sublayer.name), found)
        found[inner] = sublayer
        _visit(sublayer, inner, found, seen)


def _join(path, name):
    return f"{path}/{name}" if path else name


def _unique(path, found):
    """Layers of a user's own may share a name: the second gets a number, as Keras would give it."""
    unique, count = path, 0
    while unique in found:
        count += 1
        unique = f"{path}_{count}"
    return unique
