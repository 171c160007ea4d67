"""How the layers of a model are wired, read from its public config."""

import keras


def feeders(model):
    """Returns, for each layer's name, the names of the layers whose output it takes.

    >>> inputs = keras.Input((3,), name="x")
    >>> outputs = keras.layers.Dense(1, name="y")(inputs)
    >>> feeders(keras.Model(inputs, outputs))
    {'x': (), 'y': ('x',)}
    """
    if isinstance(model, keras.Sequential):
        names = [layer.name for layer in model.layers]
        return {name: tuple(names[max(i - 1, 0) : i]) for i, name in enumerate(names)}
    return {entry["name"]: tuple(_origins(entry["inbound_nodes"])) for entry in model.get_config()["layers"]}


def output_names(model):
    """Returns the names of the layers from which the model's outputs come."""
    if isinstance(model, keras.Sequential):
        return (model.layers[-1].name,)
    return tuple(_names(model.get_config()["output_layers"]))


def _origins(node):
    """The layers named in the `keras_history` of every tensor within a serialized call."""
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"][0]
        else:
            for item in node.values():
                yield from _origins(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _origins(item)


def _names(output_layers):
    """Output references are `[name, node, tensor]`, alone or nested in lists and dicts."""
    if isinstance(output_layers, dict):
        output_layers = list(output_layers.values())
    if len(output_layers) == 3 and isinstance(output_layers[0], str):
        yield output_layers[0]
    else:
        for item in output_layers:
            yield from _names(item)
