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
        excluded, matched by the variables' paths (Keras forgets it: it is not in the optimizer's config). Where it
        excluded all biases and scales, so are those of layers that `like` did not have.

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
    spares = _spared_from_decay(like)
    config = like.get_compile_config()
    if callable(like.loss):
        # It holds no state: the object itself will do, also where Keras could not find it again by its name.
        changes, config = {"loss": like.loss, **changes}, {**config, "loss": None}
    model.compile(**{**keras.saving.deserialize_keras_object(config), **changes})
    spared = [v for v in model.trainable_variables if spares(v)]
    if spared and "optimizer" not in changes:
        without_loss_scale(model.optimizer).exclude_from_weight_decay(var_list=spared)
    return model


def without_loss_scale(optimizer):
    """Returns the optimizer that takes the steps: the inner one of a `LossScaleOptimizer`."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def _spared_from_decay(model):
    """Returns a predicate over variables, also of copies of `model`: is it left out of weight decay?"""
    optimizer = without_loss_scale(model.optimizer)
    variables = model.trainable_variables
    if not getattr(optimizer, "weight_decay", None):
        variables = []
    excluded = {_tail(v) for v in variables if not optimizer._use_weight_decay(v)}
    vectors = [v for v in variables if _is_vector(v)]
    all_vectors = bool(vectors) and all(_tail(v) in excluded for v in vectors)
    return lambda v: _tail(v) in excluded or (all_vectors and _is_vector(v))


def _is_vector(variable):
    return len(variable.shape) < 2


def _tail(variable):
    """The variable's path without the model's own name, which differs between copies."""
    return variable.path.rpartition("/")[0].rpartition("/")[2] + "/" + variable.name


def forget_compiled(model):
    """Makes the next `fit`, `evaluate` and `predict` of `model` compile their steps anew, optimizer and metrics kept.

    Needed after a change that a compiled step does not look at, such as another regularizer on a weight.
    """
    model.train_function = model.test_function = model.predict_function = None
