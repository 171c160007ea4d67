"""Where a model can be cut in two: the places that every path from its inputs to its outputs passes."""

import dataclasses
import functools
import math

import keras


@dataclasses.dataclass
class _Place:
    """A place that all paths pass: the output of `layer`, or the inputs for None; and what lies behind it."""

    layer: keras.layers.Layer | None
    before_kernels: bool = False


def cut_points(model):
    """Returns the layers whose outputs are the whole state of a Sequential or Functional model at some point, in order.

    One is given for each stretch with kernels (weights of rank 2 and more): of a dense, a normalization, an activation
    and a dropout layer in a row the last, whose output goes into the next kernel. Behind the last kernel there is none.
    Nested models that all paths pass are entered.

    Args:
        model: A built model.

    Returns:
        A list of layers, in which None stands for the inputs. None for a model that is wired by its own `call`.

    Example:

    >>> layers = [keras.Input((3,)), keras.layers.Dense(4), keras.layers.ReLU(name="hidden"), keras.layers.Dense(1)]
    >>> [layer and layer.name for layer in cut_points(keras.Sequential(layers))]
    [None, 'hidden']
    """
    places = _places(model)
    return None if places is None else [place.layer for place in places if place.before_kernels]


def consumers_of_inputs(model):
    """Returns the layers that take an input of a Sequential or Functional model as it is; none for other models."""
    found = []
    for layer, sources in calls_of(model) or ():
        if -1 in sources and layer is not None:
            found += consumers_of_inputs(layer) if calls_of(layer) else [layer]
    return found


def _places(model):
    calls = calls_of(model)
    if calls is None:
        return None
    called = [id(layer) for layer, _ in calls if layer is not None]
    leaves = _last_uses(calls, output_positions(model, calls))
    places, reach = [_Place(None)], leaves[-1]
    for position, (layer, _) in enumerate(calls):
        # Nothing that was computed before is needed after.
        if reach <= position and layer is not None and called.count(id(layer)) == 1:
            inner = _places(layer)
            if inner:
                places[-1].before_kernels |= inner[0].before_kernels
                places += inner[1:]
            else:
                places[-1].before_kernels |= _has_kernels(layer)
                places.append(_Place(layer))
        elif layer is not None:
            places[-1].before_kernels |= _has_kernels(layer)
        reach = max(reach, leaves[position])
    return places


def _last_uses(calls, outputs):
    """Returns, for each call and -1 for the inputs, the position of the last call that takes what it makes."""
    leaves = dict.fromkeys(range(-1, len(calls)), -1)
    for position, (_, sources) in enumerate(calls):
        for source in sources:
            leaves[source] = position
    return {position: math.inf if position in outputs else last for position, last in leaves.items()}


def _has_kernels(layer):
    return any(len(weight.shape) > 1 for weight in layer.weights)


def calls_of(model):
    """Returns `(layer, positions of the calls whose output it takes)` for each call of a layer, in an order that runs.

    An operation that is no layer is None; the position of the inputs is -1. None for a model that cannot be read.
    """
    if isinstance(model, keras.Sequential) and type(model).call is keras.Sequential.call:
        return [(layer, (position - 1,)) for position, layer in enumerate(model.layers)]
    functional = _functional_class()
    if not isinstance(model, functional) or type(model).call is not functional.call:
        return None
    config = model.get_config()
    if "layers" not in config:
        return None
    layers = {layer.name: layer for layer in model.layers}
    sources = {
        (entry["name"], number): [tuple(history[:2]) for history in _histories(node)]
        for entry in config["layers"]
        for number, node in enumerate(entry["inbound_nodes"])
    }
    positions, calls = {}, []

    def visit(key):
        if key not in sources:
            return -1  # an input
        if key not in positions:
            taken = tuple(sorted({visit(source) for source in sources[key]}))
            positions[key] = len(calls)
            calls.append((layers.get(key[0]), taken))
        return positions[key]

    for key in sources:
        visit(key)
    return calls


def output_positions(model, calls):
    """Returns the positions of the calls that make the outputs."""
    if isinstance(model, keras.Sequential):
        return {len(calls) - 1}
    used = {source for _, sources in calls for source in sources}
    names = set(model.output_names)
    # What is an output and goes on all the same is known by its name.
    return {p for p, (layer, _) in enumerate(calls) if p not in used or (layer is not None and layer.name in names)}


def _histories(node):
    if isinstance(node, dict):
        if node.get("class_name") == "__keras_tensor__":
            yield node["config"]["keras_history"]
        else:
            for item in node.values():
                yield from _histories(item)
    elif isinstance(node, (list, tuple)):
        for item in node:
            yield from _histories(item)


@functools.cache
def _functional_class():
    """The class that `keras.Model(inputs, outputs)` makes, which has no public name."""
    inputs = keras.Input((1,))
    # Keras before 3.13 refuses a model without a layer.
    return type(keras.Model(inputs, keras.layers.Identity()(inputs)))
