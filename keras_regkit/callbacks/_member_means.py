"""The mean over members, of values or of the probabilities that logits stand for, one member at a time.

Sums of probabilities are held as logarithms, so that small ones are not lost.
"""

import math

import keras
from keras import ops

from keras_regkit._core.output_kind import config_of_loss, last_activation, makes_decisions, wired_models


def started(activation, y):
    """Returns the state after the first member's output `y`."""
    if activation is None:
        return y
    if activation == "sigmoid" or y.shape[-1] == 1:
        return ops.stack([ops.log_sigmoid(y), ops.log_sigmoid(-y)])
    return ops.log_softmax(y)


def added(activation, state, y, share):
    """Returns the state after one more output; `share` is 1 / the number of members so far."""
    if activation is None:
        # No large sum: exact when all members agree.
        return state + (y - state) * share
    return ops.logaddexp(state, started(activation, y))


def finished(activation, state, members):
    """Returns the mean of the values, or the logits of the mean probabilities."""
    if activation is None:
        return state
    if activation == "sigmoid" or state.shape[-1] == 1:
        return state[0] - state[1]
    return state - math.log(members)


def activation_of(model):
    """Returns what makes probabilities of a model's outputs: "softmax", "sigmoid" or None; a list for several outputs.

    Only outputs that the compiled loss takes for logits have one.
    """
    own = getattr(model, "from_logits", None)
    if isinstance(own, bool):
        return "softmax" if own else None
    loss = getattr(model, "loss", None)
    outputs = len(model.outputs) if isinstance(model, wired_models()) else 1
    if outputs == 1:
        if isinstance(loss, (list, tuple, dict)):
            (loss,) = keras.tree.flatten(loss) or [None]
        return None if last_activation(model) in ("softmax", "sigmoid") else _activation_for(loss)
    if isinstance(loss, dict):
        loss = [loss.get(name) for name in model.output_names]
    if not isinstance(loss, (list, tuple)):
        loss = [loss] * outputs
    found = [_activation_for(one) for one in loss]
    return found if any(found) else None


def takes_probabilities(model):
    """Whether it can be seen that the one output of `model` is of probabilities."""
    known = last_activation(model) in ("softmax", "sigmoid")
    return known or config_of_loss(getattr(model, "loss", None)).get("from_logits") is False


def _activation_for(loss):
    config = config_of_loss(loss)
    if config.get("from_logits") is not True:
        return None
    return "sigmoid" if makes_decisions(config) else "softmax"
