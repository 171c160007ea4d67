"""Finding the layers that levers act on: those with a kernel, except the ones that make the model's output."""

import keras

from keras_regkit.surgery.graph import feeders, output_names
from keras_regkit.surgery.rebuild import check_rewritable, is_rewritable


def has_kernel(layer):
    """Whether the layer multiplies by a kernel that Keras can penalize."""
    return hasattr(layer, "kernel_regularizer")


def hidden_layers(model):
    """Returns the layers with a kernel that do not make the model's output, in order, nested models entered."""
    check_rewritable(model)
    outputs = _output_layers(model)
    found = []
    for layer in model.layers:
        if is_rewritable(layer):
            found += hidden_layers(layer) if layer in outputs else _kernel_layers(layer)
        elif has_kernel(layer) and layer not in outputs:
            found.append(layer)
    return found


def after_weights(model, fed=False):
    """Returns the layers that work on what earlier weights made, not on the inputs, in order, nested models entered.

    Args:
        model: A Sequential or Functional model.
        fed: Whether its inputs are themselves made by weights.
    """
    check_rewritable(model)
    sources, found, weighted = feeders(model), [], {}
    for layer in model.layers:
        after = any(weighted.get(name) for name in sources[layer.name]) if sources[layer.name] else fed
        if is_rewritable(layer):
            found += after_weights(layer, after)
        elif after:
            found.append(layer)
        weighted[layer.name] = after or _mixes_features(layer)
    return found


def edited(layer, **changes):
    """Returns a new layer with `changes` in its config, or None if they change nothing."""
    before = layer.get_config()
    after = type(layer).from_config({**before, **changes})
    return None if after.get_config() == before else after


def only(layers):
    """Returns a predicate that holds for these very layers."""
    chosen = {id(layer) for layer in layers}
    return lambda layer: id(layer) in chosen


def _mixes_features(layer):
    """Whether the layer has a matrix of weights; scaling each feature for itself does not make it a hidden one."""
    return not isinstance(layer, keras.layers.Normalization) and any(len(w.shape) > 1 for w in layer.weights)


def _kernel_layers(model):
    found = []
    for layer in model.layers:
        if is_rewritable(layer):
            found += _kernel_layers(layer)
        elif has_kernel(layer):
            found.append(layer)
    return found


def _output_layers(model):
    """The layers with a kernel (or nested models) from which the outputs come, looking through those without one."""
    layers = {layer.name: layer for layer in model.layers}
    fed_by = feeders(model)
    found, waiting = [], list(output_names(model))
    while waiting:
        layer = layers.get(waiting.pop())
        if layer is None:
            continue
        if has_kernel(layer) or is_rewritable(layer):
            found.append(layer)
        else:
            waiting += fed_by[layer.name]
    return found
