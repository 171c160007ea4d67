"""What a model's outputs are: whether they end in softmax or sigmoid, and what its compiled loss takes them for."""

import functools

import keras


def last_activation(layer):
    """Name of the activation that makes the outputs; None if it cannot be seen."""
    if isinstance(layer, keras.Sequential):
        return last_activation(layer.layers[-1])
    if isinstance(layer, wired_models()):
        ends = layer.get_config().get("output_layers")
        one = isinstance(ends, (list, tuple)) and len(ends) == 3 and isinstance(ends[0], str)
        name = ends[0] if one else ends[0][0] if isinstance(ends, (list, tuple)) and len(ends) == 1 else None
        return None if name is None else last_activation(layer.get_layer(name))
    if isinstance(layer, keras.layers.Softmax):
        return "softmax"
    activation = getattr(layer, "activation", None)
    return None if activation is None else getattr(activation, "__name__", None)


@functools.cache
def wired_models():
    """The classes of models that tell how they are wired; that of functional ones has no public name."""
    inputs = keras.Input((1,), name="wired_input")
    return (type(keras.Model(inputs, inputs, name="wired")), keras.Sequential)


def config_of_loss(loss):
    """The config of the loss that says whether it takes logits; empty if there is none.

    Args:
        loss: As given to `compile`: a name, a function, a `keras.losses.Loss`, or None.
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if callable(loss) and not isinstance(loss, keras.losses.Loss):
        name = getattr(loss, "__name__", "")
        return {"name": name, "from_logits": False} if name.endswith("crossentropy") else {}
    if not isinstance(loss, keras.losses.Loss):
        return {}
    config = loss.get_config()
    inner = config.get("loss")  # of a loss around another one
    if isinstance(inner, dict) and "from_logits" in inner.get("config", {}):
        return {"kind": inner.get("class_name"), **inner["config"]}
    return {"kind": type(loss).__name__, **config}


def makes_decisions(loss):
    """Whether a loss, by its config, takes each column for a yes or no of its own."""
    names = f"{loss.get('name')} {loss.get('kind')}".lower()
    return "binary" in names or loss.get("multi_label", False)
