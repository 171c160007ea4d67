"""Where the first number came from that is none."""

import itertools

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import gradients_of, to_numpy
from keras_regkit._core.paths import layer_paths, weight_paths
from keras_regkit.diagnosis.audit.rules.training import first_not_finite

STEPS = 200


def state_of(model):
    """Returns copies of all that training changes: `(values of the model's variables, of the optimizer's)`."""
    return [to_numpy(v) for v in model.variables], [to_numpy(v) for v in model.optimizer.variables]


def restore(model, state):
    """Puts a state of `state_of` back."""
    for variables, values in zip((model.variables, model.optimizer.variables), state, strict=True):
        for variable, value in zip(variables, values, strict=True):
            variable.assign(value)


def look_through(model, state, batches):
    """Puts batches through the model as it was in `state`; returns `(where, evidence)`, or `None` where all is finite.

    Args:
        model: A built, compiled model. It is left as it is.
        state: From `state_of`, at a time when all was well.
        batches: List of `(x, y, weight)`.
    """
    layers = layer_paths(model)
    for number, (x, y, _) in enumerate(batches):
        for name, part in (("inputs", x), ("targets", y)):
            if not _is_finite(part):
                return f"train: {name}", {"what": name, "batch": number}
        found = first_not_finite(model, x, layers, state[0])
        if found:
            return found[0], {"what": "its output", "batch": number, "non-finite numbers": found[1]}
    return None


def replay(model, state, batches):
    """Trains on from `state` until something is not finite; returns `(where, evidence)`, or `None` if all stays well.

    The model is put back to where it was. Its rows come in another order than they did in `fit`.

    Args:
        model: A built, compiled model, outside `fit` or at its end.
        state: From `state_of`, at a time when all was well.
        batches: List of `(x, y, weight)`.
    """
    now = state_of(model)
    try:
        restore(model, state)
        for step, batch in enumerate(itertools.islice(itertools.cycle(batches), STEPS)):
            before = state_of(model)
            loss = model.train_on_batch(*batch)
            loss = float(np.ravel(loss if not isinstance(loss, dict) else loss["loss"])[0])
            if not np.isfinite(loss):
                found = first_not_finite(model, batch[0], layer_paths(model), before[0])
                where, what = ("loss", {}) if found is None else (found[0], {"non-finite numbers": found[1]})
                what = {"what": "the loss itself" if found is None else "its output", **what}
                return where, {**what, "steps after the last good epoch": step}
            if not _is_finite([to_numpy(v) for v in model.trainable_variables]):
                restore(model, before)
                where = _first_bad_gradient(model, batch)
                return where, {"what": "its gradient", "loss": loss, "steps after the last good epoch": step}
    finally:
        restore(model, now)
    return None


def _first_bad_gradient(model, batch):
    """Returns the path of the weight where back-propagation first meets what is not finite: the last in the model."""

    def loss(x, y, weight):
        return ops.sum(model.compute_loss(x, y, model(x, training=True), weight, training=True))

    gradients = gradients_of(model, loss)(*batch)
    paths = {id(weight.variable): weight.path for weight in weight_paths(model)}
    bad = [
        paths.get(id(variable), variable.path)
        for variable, gradient in zip(model.trainable_variables, gradients, strict=True)
        if not _is_finite(np.asarray(ops.convert_to_numpy(gradient)))
    ]
    return bad[-1] if bad else "optimizer"


def _is_finite(structure):
    arrays = [np.asarray(leaf) for leaf in keras.tree.flatten(structure) if leaf is not None]
    return all(np.all(np.isfinite(array)) for array in arrays if np.issubdtype(array.dtype, np.floating))
