"""Optimizers made anew without losing what they have learned."""

import contextlib
import warnings

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.tracking import all_layers


def without_loss_scale(optimizer):
    """Returns the optimizer that takes the steps: the inner one of a `LossScaleOptimizer`."""
    return getattr(optimizer, "inner_optimizer", optimizer)


def spared_from_decay(model):
    """Returns a predicate over variables, also of copies of `model`: is it left out of weight decay?

    Keras keeps no record of it in the optimizer's config.
    """
    optimizer = without_loss_scale(model.optimizer)
    variables = model.trainable_variables
    if not getattr(optimizer, "weight_decay", None):
        variables = []
    excluded = {_tail(v) for v in variables if not optimizer._use_weight_decay(v)}
    vectors = [v for v in variables if _is_vector(v)]
    all_vectors = bool(vectors) and all(_tail(v) in excluded for v in vectors)
    return lambda v: _tail(v) in excluded or (all_vectors and _is_vector(v))


def fit_optimizer_to_trainable(model, memory, spares):
    """Gives a compiled model an optimizer for the weights that train now, in the middle of `fit` or between fits.

    The new optimizer is configured as the old one. Its counter, its learning rate, its moments and averages go on from
    where they were: those of weights that stop training wait in `memory` until the weights train again; those of
    weights that never trained start from zero. The next steps are compiled anew. Loss, metrics and callbacks stay.

    Args:
        model: A compiled model whose flags have just been set.
        memory: Dict that keeps the optimizer's variables by name, filled here. The same one for all calls.
        spares: Which weights are left out of weight decay, from `spared_from_decay` before any flag was changed.
    """
    old = model.optimizer
    _remember(old, memory)
    new = _unbuilt_copy(old)
    spared = [v for v in model.trainable_variables if spares(v)]
    if spared:
        without_loss_scale(new).exclude_from_weight_decay(var_list=spared)
    # Variables belong to the strategy that holds the model's.
    strategy = getattr(model, "distribute_strategy", None)
    with strategy.scope() if strategy is not None else contextlib.nullcontext():
        new.build(model.trainable_variables)
    _recall(new, memory)
    model.optimizer = new
    model.make_train_function(force=True)
    model.test_function = None  # penalties of weights that train now are part of what is evaluated
    # A wrapper shares its optimizer with the model within, which goes on with it too.
    for inner in all_layers(model)[1:]:
        if getattr(inner, "optimizer", None) is old:
            inner.optimizer = new
            inner.train_function = inner.test_function = None


def _unbuilt_copy(optimizer):
    inner = without_loss_scale(optimizer)
    copy = type(inner).from_config(inner.get_config())
    if inner is optimizer:
        return copy
    # By hand, so that an inner optimizer of the user's own need not be registered.
    return type(optimizer)(
        copy,
        initial_scale=optimizer.initial_scale,
        dynamic_growth_steps=optimizer.dynamic_growth_steps,
        name=optimizer.name,
    )


def _remember(optimizer, memory):
    if not optimizer.built:
        return
    named = _by_name(optimizer)
    memory.update({name: to_numpy(variable) for name, variable in named.items()})


def _recall(optimizer, memory):
    for name, variable in _by_name(optimizer).items():
        if name in memory and memory[name].shape == tuple(variable.shape):
            variable.assign(memory[name])


def _by_name(optimizer):
    """Returns `{key: variable}`. Keras names a moment after the path of its weight, wherever it is made."""
    inner = {id(variable) for variable in without_loss_scale(optimizer).variables}
    named, twice = {}, set()
    for variable in optimizer.variables:
        key = (id(variable) in inner, variable.name)
        if key in named:
            twice.add(key)
        named[key] = variable
    if twice:
        names = sorted(name for _, name in twice)
        warnings.warn(
            f"Variables of the optimizer share a name, and start from zero in this stage: {names}. Where layers share "
            "one, give them names of their own; optimizers such as Adafactor give names that are not unique",
            stacklevel=4,
        )
    return {key: variable for key, variable in named.items() if key not in twice}


def _is_vector(variable):
    return len(variable.shape) < 2


def _tail(variable):
    """The variable's path without the model's own name, which differs between copies."""
    return variable.path.rpartition("/")[0].rpartition("/")[2] + "/" + variable.name
