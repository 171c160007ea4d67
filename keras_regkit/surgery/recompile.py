"""Compiling a model as another one was, with one thing changed."""

import keras


def recompile(model, *, like=None, **changes):
    """Compiles `model` as `like` was compiled, except for `changes`.

    Args:
        model: The model to compile, in place.
        like: A compiled model. Defaults to `model` itself.
        **changes: Arguments of `compile` that shall differ: `loss=...`, `optimizer=...`.

    Returns:
        `model`. The optimizer is new and has taken no step. What `like`'s optimizer excluded from weight decay stays
        excluded, matched by the variables' paths (Keras forgets it: it is not in the optimizer's config).

    Raises:
        ValueError: `like` was never compiled.

    Example:

    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> recompile(model, loss="mae").loss
    'mae'
    """
    like = model if like is None else like
    if not like.compiled:
        raise ValueError(f"The model must be compiled first. Received: {like.name!r}, which is not")
    excluded = _undecayed(like)
    arguments = keras.saving.deserialize_keras_object(like.get_compile_config())
    model.compile(**{**arguments, **changes})
    decayed = [v for v in model.trainable_variables if _tail(v) in excluded]
    if decayed and "optimizer" not in changes:
        model.optimizer.exclude_from_weight_decay(var_list=decayed)
    return model


def _undecayed(model):
    """Paths of the variables that the optimizer was told to leave out of weight decay."""
    optimizer = model.optimizer
    if not getattr(optimizer, "weight_decay", None):
        return set()
    excluded = getattr(optimizer, "_exclude_from_weight_decay", set())
    pattern = getattr(optimizer, "_exclude_from_weight_decay_pattern", None)
    return {
        _tail(v)
        for v in model.trainable_variables
        if optimizer._var_key(v) in excluded or (pattern is not None and pattern.search(v.name))
    }


def _tail(variable):
    """The variable's path without the model's own name, which differs between copies."""
    return variable.path.rpartition("/")[0].rpartition("/")[2] + "/" + variable.name
