"""Compiling a model as another one was, with one thing changed."""

from typing import Any

import keras

from keras_regkit._core.optimizers import spared_from_decay, without_loss_scale


def recompile(model: keras.Model, *, like: keras.Model | None = None, **changes: Any) -> keras.Model:
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
    # By its own policy, which a copy does not inherit, Keras decides whether the loss is scaled.
    model.dtype_policy = like.dtype_policy
    spares = spared_from_decay(like)
    config = like.get_compile_config()
    if callable(like.loss):
        # It holds no state: the object itself will do, also where Keras could not find it again by its name.
        changes, config = {"loss": like.loss, **changes}, {**config, "loss": None}
    model.compile(**{**keras.saving.deserialize_keras_object(config), **changes})
    spared = [v for v in model.trainable_variables if spares(v)]
    if spared and "optimizer" not in changes:
        without_loss_scale(model.optimizer).exclude_from_weight_decay(var_list=spared)
    return model


def forget_compiled(model):
    """Makes the next `fit`, `evaluate` and `predict` of `model` compile their steps anew, optimizer and metrics kept.

    Needed after a change that a compiled step does not look at, such as another regularizer on a weight.
    """
    model.train_function = model.test_function = model.predict_function = None
