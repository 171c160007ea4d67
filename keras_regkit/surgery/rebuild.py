"""Rewriting Sequential and Functional models layer by layer, weights carried over."""

import functools
import warnings
from collections.abc import Callable

import keras

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit._core.where import matcher
from keras_regkit.surgery.carry_weights import can_carry, carry_weights
from keras_regkit.surgery.recompile import recompile


def copy(model: keras.Model) -> keras.Model:
    """Returns a copy of `model` with the same weights, compiled alike, its optimizer before the first step.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> copy(model).count_params() == model.count_params()
    True
    """
    return _rebuild(model, _keep, _nothing, _nothing)[0]


def replace(
    model: keras.Model,
    where: str | type | tuple[type, ...] | Callable[..., bool],
    rule: Callable[..., keras.layers.Layer | None],
) -> keras.Model:
    """Returns a copy of `model` in which `rule` decides what becomes of the layers that `where` selects.

    Args:
        model: A built Sequential or Functional model; nested models are entered.
        where: A regular expression on layer names, a layer class (or a tuple of them), or a predicate.
        rule: Function of a layer that returns the new, unbuilt layer in its place, or None to keep a copy.

    Returns:
        A new model, compiled as `model` was. Weights are copied wherever a layer kept its name and its weights' shapes.

    Raises:
        ValueError: the model cannot be rewritten (it is subclassed, or not built).
        TypeError: `rule` is no function, or returns no layer.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.ReLU()])
    >>> new = replace(model, keras.layers.ReLU, lambda layer: keras.layers.Activation("gelu"))
    >>> new.layers[-1].activation.__name__
    'gelu'
    """
    matches, rule = matcher(where), _maker("rule", rule, optional=True)
    return _warned(_rebuild(model, lambda layer: rule(layer) if matches(layer) else None, _nothing, _nothing))


def insert_after(
    model: keras.Model,
    where: str | type | tuple[type, ...] | Callable[..., bool],
    layer: Callable[..., keras.layers.Layer],
) -> keras.Model:
    """Returns a copy of `model` with a new layer after each layer that `where` selects.

    Args:
        model: A built Sequential or Functional model; nested models are entered.
        where: A regular expression on layer names, a layer class (or a tuple of them), or a predicate.
        layer: Function of the selected layer that returns the new layer to put after it.

    Returns:
        A new model, compiled as `model` was, weights carried over.

    Raises:
        ValueError: the model cannot be rewritten (it is subclassed, or not built).
        TypeError: `layer` is no function, or returns no layer.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    >>> new = insert_after(model, "dense", lambda layer: keras.layers.Dropout(0.5))
    >>> [type(layer).__name__ for layer in new.layers]
    ['Dense', 'Dropout']
    """
    matches, layer = matcher(where), _maker("layer", layer)
    return _warned(_rebuild(model, _keep, _nothing, lambda old: [layer(old)] if matches(old) else []))


def insert_before(
    model: keras.Model,
    where: str | type | tuple[type, ...] | Callable[..., bool],
    layer: Callable[..., keras.layers.Layer],
) -> keras.Model:
    """Returns a copy of `model` with a new layer before each layer that `where` selects.

    Args:
        model: A built Sequential or Functional model; nested models are entered.
        where: A regular expression on layer names, a layer class (or a tuple of them), or a predicate.
        layer: Function of the selected layer that returns the new layer to put before it.

    Returns:
        A new model, compiled as `model` was, weights carried over.

    Raises:
        ValueError: the model cannot be rewritten (it is subclassed, or not built).
        TypeError: `layer` is no function, or returns no layer.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4)])
    >>> new = insert_before(model, "dense", lambda layer: keras.layers.Dropout(0.5))
    >>> [type(layer).__name__ for layer in new.layers]
    ['Dropout', 'Dense']
    """
    matches, layer = matcher(where), _maker("layer", layer)
    return _warned(_rebuild(model, _keep, lambda old: [layer(old)] if matches(old) else [], _nothing))


def _maker(name, function, optional=False):
    """Returns `function`, with its results checked; raises `TypeError` for others, callable or not."""
    wanted = f"`{name}` must be a function of a layer that returns a new layer{' or None' if optional else ''}"
    if not callable(function) or isinstance(function, (type, keras.layers.Layer)):
        raise TypeError(f"{wanted}, such as `lambda old: keras.layers.ReLU()`. Received: {function!r}")

    def make(layer):
        new = function(layer)
        if not isinstance(new, keras.layers.Layer) and not (optional and new is None):
            raise TypeError(f"{wanted}. Received: a function that returned {new!r} for the layer {layer.name!r}")
        return new

    return make


def _keep(layer):
    return None


def _nothing(layer):
    return []


def is_rewritable(model):
    """Whether `model` is a Sequential or Functional model, whose layers are known from outside.

    So is a subclass that leaves `__init__` and `call` as they are, say for a `train_step` of its own: it is made anew
    from layers or tensors.
    """
    return isinstance(model, keras.Model) and any(
        isinstance(model, cls) and type(model).__init__ is cls.__init__ and type(model).call is cls.call
        for cls in (keras.Sequential, _functional_class())
    )


@functools.cache
def _functional_class():
    """The class that `keras.Model(inputs, outputs)` makes, which has no public name."""
    inputs = keras.Input((1,))
    # Keras before 3.13 refuses a model without a layer.
    return type(keras.Model(inputs, keras.layers.Identity()(inputs)))


def check_rewritable(model):
    """Raises `ValueError` that says why, if `model` cannot be rewritten."""
    if not is_rewritable(model):
        raise ValueError(
            f"Only Sequential and Functional models can be rewritten. Received: {model.name!r} of class "
            f"{type(model).__name__}, which is made or wired by its own `__init__` or `call`. Set the lever where the "
            "model is written, or give Study a function that builds the model with it"
        )
    if not model.built:
        raise ValueError(
            f"The model must be built before it is rewritten. Received: {model.name!r}, which is not. "
            "Start it with keras.Input(shape), or call it on a batch"
        )


def _rebuild(model, rule, before, after):
    """Returns the new model and the names of the layers that changed or were added."""
    check_rewritable(model)
    changes = []
    new = _rewrite(model, rule, before, after, changes)
    _carry_weights(model, new)
    if model.compiled:
        recompile(new, like=model)
    return new, changes


def _warned(result):
    model, changes = result
    if not changes:
        warnings.warn(
            f"Nothing in model {model.name!r} changed. Its layers: {[layer.name for layer in model.layers]}",
            NoEffectWarning,
            stacklevel=3,
        )
    return model


def _rewrite(model, rule, before, after, changes):
    """Clones `model`, asking `rule`, `before` and `after` about every layer; notes what was done in `changes`."""
    made = {}

    def clone(layer):
        if is_rewritable(layer):
            return _rewrite(layer, rule, before, after, changes)
        new = rule(layer)
        if new is not None:
            changes.append(layer.name)
        return _again(layer) if new is None else new

    def around(layer):
        # A layer that is shared is asked once, and shares what is put around it.
        if id(layer) not in made:
            made[id(layer)] = (before(layer), after(layer))
            changes.extend(added.name for added in (*made[id(layer)][0], *made[id(layer)][1]))
        return made[id(layer)]

    if isinstance(model, keras.Sequential):
        layers = [keras.Input(batch_shape=model.input_shape, dtype=model.inputs[0].dtype)]
        for layer in model.layers:
            first, last = around(layer)
            layers += [*first, clone(layer), *last]
        return type(model)(layers, name=model.name, trainable=model.trainable)

    originals = {}

    def clone_and_remember(layer):
        new = clone(layer)
        originals[id(new)] = layer
        return new

    def call(layer, *args, **kwargs):
        first, last = around(originals[id(layer)]) if id(layer) in originals else ([], [])
        for added in first:
            args = (added(args[0]), *args[1:])
        output = layer(*args, **kwargs)
        for added in last:
            output = added(output)
        return output

    # clone_model compiles the copy too, and fails where Keras cannot find the loss by its name; the twin has none.
    twin = type(model)(model.input, model.output, name=model.name)
    return keras.models.clone_model(twin, clone_function=clone_and_remember, call_function=call)


def _again(layer):
    """A new layer like this one."""
    config = layer.get_config()
    if not isinstance(layer, keras.layers.Lambda):
        return type(layer).from_config(config)
    # Its config has the function's bytes: Keras does not load them unasked, and they know no module that it uses.
    for name in ("function", "output_shape", "mask", "arguments"):
        config.pop(name, None)
    shape = getattr(layer, "_output_shape", None)
    return type(layer)(layer.function, output_shape=shape, mask=layer.mask, arguments=layer.arguments, **config)


def _carry_weights(old, new):
    """Copies weights between layers of the same name, where every shape agrees."""
    sources = {layer.name: layer for layer in old.layers}
    for layer in new.layers:
        source = sources.get(layer.name)
        if source is None:
            continue
        if is_rewritable(layer) and is_rewritable(source):
            _carry_weights(source, layer)
        elif can_carry(source, layer):
            carry_weights(source, layer)
