"""Setting the `trainable` flags of single layers, against Keras' habit of handing a flag down."""

from keras_regkit._core.batch_norms import is_batch_norm
from keras_regkit._core.paths import layer_paths, weight_paths
from keras_regkit._core.tracking import all_layers


def set_flags(model, meant, value, batch_norm):
    """Sets `trainable` of layers within `model`, each by itself; the model is not compiled again.

    Args:
        model: A built model of any kind.
        meant: `{id(layer): layer}` of the layers meant, those within them included.
        value: The flag for all but batch normalization.
        batch_norm: The flag for batch normalization; None leaves each as it is.

    Returns:
        `{path: flag}` for the layers with weights that changed, and what they were before.
    """
    layers = {model.name: model, **layer_paths(model)}
    before = {id(layer): layer.trainable for layer in layers.values()}
    after = _flags(layers.values(), meant, value, batch_norm)
    touched = _apply(model, layers.values(), meant, value, after)
    changed = {
        path: id(layer)
        for path, layer in layers.items()
        if layer.weights and (before[id(layer)] != after[id(layer)] or id(layer) in touched)
    }
    held = {key: value if before[key] == after[key] else after[key] for key in changed.values()}
    return {path: held[key] for path, key in changed.items()}, {path: not held[key] for path, key in changed.items()}


def _flags(layers, meant, value, batch_norm):
    """Returns `{id(layer): flag}` as it shall be."""
    flags = {id(layer): layer.trainable for layer in layers}
    for layer in meant.values():
        flags[id(layer)] = value
        if is_batch_norm(layer):
            flags[id(layer)] = layer.trainable if batch_norm is None else batch_norm
    # What holds a layer that trains must train too: loaded from a file, it would hand its own flag down.
    for layer in _small_first(layers):
        inner = all_layers(layer)[1:]
        if any(flags[id(i)] and id(i) in meant and i.weights for i in inner if id(i) in flags):
            flags[id(layer)] = True
    return flags


def _apply(model, layers, meant, value, after):
    """Sets every layer's flag; returns the ids of the layers that own a weight whose flag changed.

    Keras hands a flag down, so the layers within follow, each with its own.
    """
    weights = weight_paths(model)
    before = {weight.path: (weight.layer.trainable, weight.variable.trainable) for weight in weights}
    for layer in reversed(_small_first(layers)):
        layer.trainable = after[id(layer)]
    touched = set()
    for weight in weights:
        layer, variable = weight.layer, weight.variable
        layer_before, variable_before = before[weight.path]
        if id(layer) in meant and layer.trainable and not value and not is_batch_norm(layer):
            # It trains for the sake of batch normalization within. Its own weights do not.
            variable.trainable = False
        elif layer.trainable == layer_before:
            variable.trainable = variable_before  # single weights may have been frozen by hand
        if variable.trainable != variable_before:
            touched.add(id(layer))
    return touched


def _small_first(layers):
    """Sorts layers so that each comes before all that hold it."""
    return sorted(layers, key=lambda layer: len(all_layers(layer)))
