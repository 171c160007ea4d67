"""Putting a regularizer on a weight that exists, where Keras looks for it and where it saves it."""

import inspect
import re

import keras

from keras_regkit._core.own_penalty import OwnPenalty
from keras_regkit._core.paths import layer_paths, weight_paths
from keras_regkit._core.tracking import adopt, sublayers
from keras_regkit._core.where import expect_model, select

# Attention and recurrent layers have biases of rank 2, layer normalization may have such scales: they are no kernels.
_VECTOR_NAMES = re.compile(r"(^|_)(bias|beta|gamma|scale)$")


def selected_weights(model, where):
    """Returns the weights that can carry a penalty, within the layers that `where` selects (None for all)."""
    expect_model(model)
    weights = [weight for weight in weight_paths(model) if is_penalizable(weight)]
    if where is None:
        return weights
    chosen = {id(variable) for layer in select(model, where).values() for variable in layer.weights}
    return [weight for weight in weights if id(weight.variable) in chosen]


def is_penalizable(weight):
    """Whether a weight is trained, or would be if its layer were not frozen: statistics and counters never are.

    Neither are weights whose penalty is a function or a method: that is a term of the layer's own, part of what it is.
    """
    if isinstance(weight.variable.regularizer, OwnPenalty) or inspect.isroutine(weight.variable.regularizer):
        return False
    if weight.variable.trainable:
        return True
    return not weight.layer.trainable and attribute_of(weight) is not None


def rank_of(weight):
    """The rank of a weight; that of biases and norm scales is 1 however they are stored."""
    return min(len(weight.variable.shape), 1 if _VECTOR_NAMES.search(weight.variable.name) else 99)


def attribute_of(weight):
    """Returns the name of the layer's attribute for this weight's regularizer; None if it has none.

    `kernel` -> `kernel_regularizer`, `pointwise_kernel` -> `pointwise_regularizer`, `embeddings` ->
    `embeddings_regularizer`; a depthwise convolution keeps that of its kernel under `depthwise_regularizer`.
    """
    name = weight.variable.name
    names = [name, name.removesuffix("_kernel"), *(["depthwise"] if name == "kernel" else [])]
    return next((f"{n}_regularizer" for n in names if hasattr(weight.layer, f"{n}_regularizer")), None)


def same(old, new):
    """Whether replacing one regularizer by the other changes nothing. One that is a layer holds a state of its own."""
    if old is new:
        return True
    if type(old) is not type(new) or isinstance(new, keras.layers.Layer):
        return False
    return keras.regularizers.serialize(old) == keras.regularizers.serialize(new)


def set_regularizer(weight, regularizer):
    """Sets a weight's regularizer, and the attribute of its layer from which Keras saves it."""
    weight.variable.regularizer = regularizer
    attribute = attribute_of(weight)
    if attribute:
        adopt(weight.layer, attribute, regularizer)
    elif isinstance(regularizer, keras.layers.Layer):
        # Nothing saves it from here, but its weights are tracked.
        adopt(weight.layer, f"{weight.variable.name}_regularizer", regularizer)


def tell_parents(model, weights):
    """Hands regularizers on to layers that make others from one argument: attention, say, its four kernels.

    Such a layer can save one regularizer for all of them. Where they differ it is left as it was.
    """
    everything = weight_paths(model)
    for parent in layer_paths(model).values():
        children = {id(layer) for layer in sublayers(parent)}
        for attribute in {attribute_of(w) for w in weights if id(w.layer) in children} - {None}:
            own = next((name for name in (attribute, f"_{attribute}") if _is_settable(parent, name)), None)
            siblings = [w for w in everything if id(w.layer) in children and attribute_of(w) == attribute]
            first = siblings[0].variable.regularizer
            if own and all(same(w.variable.regularizer, first) for w in siblings):
                adopt(parent, own, first)


def unsaved(model, weights):
    """Returns the paths of the weights whose regularizer will not be there after saving and loading, or cloning."""
    try:
        config = model.get_config()
    except NotImplementedError:
        return [weight.path for weight in weights]
    return [weight.path for weight in weights if not _is_in(config, weight)]


def _is_settable(layer, name):
    return hasattr(layer, name) and not isinstance(getattr(type(layer), name, None), property)


def _is_in(config, weight):
    """Whether the innermost config along the weight's path has its regularizer."""
    for name in weight.path.split("/")[:-1]:
        config = _find(config, name) or config
    attribute = attribute_of(weight)
    if attribute is None or attribute not in config:
        return False
    return config[attribute] == keras.regularizers.serialize(weight.variable.regularizer)


def _find(config, name):
    """Returns the config of the object called `name` that lies nearest to the top of a nested config."""
    level = [config]
    while level:
        following = []
        for item in level:
            children = item.values() if isinstance(item, dict) else item
            following += [child for child in children if isinstance(child, (dict, list, tuple))]
        for item in following:
            if isinstance(item, dict) and item.get("name") == name and "class_name" not in item:
                return item
        level = following
    return None
