"""What the numbers of a model's outputs mean, and how far two predictions of one output are apart."""

import contextlib
import dataclasses

import keras
from keras import ops

# Of Keras, by the name of the class or function. What is left over is told by the output's activation.
_NAMED = {
    "binary": ("binary",),
    "numbers": ("hinge", "squared", "absolute", "huber", "logcosh", "cosine", "poisson"),
    "categorical": ("categorical", "kldivergence"),
}

_SMALLEST = 1e-30  # of a float32 probability, whose logarithm has a gradient still


@dataclasses.dataclass(frozen=True)
class Meaning:
    """What an output's numbers mean.

    Args:
        kind: `"categorical"` (a distribution along the last axis), `"binary"` (each number a distribution of its own)
            or `"numbers"` (none).
        logits: Whether they are logits, and not probabilities.
    """

    kind: str
    logits: bool = False


def meaning_of(loss, activation=None):
    """Returns the `Meaning` of an output: its loss tells, or else the activation that it ends with.

    Args:
        loss: What `compile` was given for the output: a name, a function or a `keras.losses.Loss`. A loss that holds
            another one in its attribute `loss` means what that one means.
        activation: The output layer's activation function, or None.
    """
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    if getattr(loss, "loss", None) is not None:
        return meaning_of(loss.loss, activation)
    name = getattr(loss, "__name__", type(loss).__name__).replace("_", "").lower()
    logits = _from_logits(loss)
    by_activation = {keras.activations.softmax: "categorical", keras.activations.sigmoid: "binary"}.get(activation)
    named = [kind for kind, words in _NAMED.items() if any(word in name for word in words)]
    kind = named[0] if named else by_activation or ("numbers" if logits is None else "categorical")
    if logits is None:  # a function of the user's own
        logits = kind != "numbers" and by_activation is None
    return Meaning(kind, logits)


def kl_divergence(p, q, meaning):
    """Returns KL(p ‖ q) of each prediction, shape `(batch, ...)` without the last axis.

        categorical:  Σ_k p_k (log p_k − log q_k)
        binary:       the same for each number and its complement, averaged over the last axis
        numbers:      (p − q)², averaged over the last axis

    The last is the divergence of two normal distributions of unit variance, in the units of Keras' mean squared error.

    Args:
        p, q: Two predictions of one output, `(batch, ..., outputs)`.
        meaning: The output's `Meaning`.
    """
    if meaning.kind == "categorical":
        log_p, log_q = (_log_softmax(x, meaning.logits) for x in (p, q))
        return ops.sum(ops.exp(log_p) * (log_p - log_q), axis=-1)
    if meaning.kind == "binary":
        (log_p, log_not_p), (log_q, log_not_q) = (_log_sigmoid(x, meaning.logits) for x in (p, q))
        values = ops.exp(log_p) * (log_p - log_q) + ops.exp(log_not_p) * (log_not_p - log_not_q)
    else:
        values = ops.square(p - q)
    return ops.mean(values, axis=-1) if len(values.shape) > 1 else values


def symmetric_divergence(p, q, meaning):
    """Returns ½ KL(p ‖ q) + ½ KL(q ‖ p) of each prediction: see `kl_divergence`."""
    return (kl_divergence(p, q, meaning) + kl_divergence(q, p, meaning)) / 2


class Divergence(keras.losses.Loss):
    """A function of two predictions, averaged as Keras averages losses: with weights, masks and replicas, in float32.

    Args:
        function: Function of two float32 tensors that returns a value for each sample, `(batch, ...)`.
    """

    def __init__(self, function):
        super().__init__(name="divergence", dtype="float32")
        self.function = function

    def call(self, y_true, y_pred):
        return self.function(y_true, y_pred)


def average_over_batch(values, weights=None):
    """Returns the mean over this replica's batch of a value for each sample, `(batch,)`.

    Args:
        values: Tensor, `(batch,)`.
        weights: What `fit` was given as `sample_weight`: None, a tensor, or a nested structure of them for several
            outputs. A sample of several weights gets their mean.
    """
    values = ops.cast(values, "float32")
    rows = [ops.cast(w, "float32") for w in keras.tree.flatten(weights) if w is not None]
    rows = [ops.mean(w, axis=tuple(range(1, len(w.shape)))) if len(w.shape) > 1 else w for w in rows]
    return ops.mean(values * sum(rows) / len(rows) if rows else values)


def logits_of(prediction, meaning):
    """Returns the logits behind the predictions of an output; its numbers themselves, where it has none.

    Probabilities over classes have their logits up to a number that is common to all classes, and that softmax ignores:
    it is chosen so that they have mean 0.
    """
    x = ops.cast(prediction, "float32")
    if meaning.logits or meaning.kind == "numbers":
        return x
    if meaning.kind == "binary":
        log_p, log_not_p = _log_sigmoid(x, logits=False)
        return log_p - log_not_p
    log_p = ops.log(ops.maximum(x, _SMALLEST))
    return log_p - ops.mean(log_p, axis=-1, keepdims=True)


def for_each_output(given, predictions, names):
    """Returns what is given for each output, in the order of `keras.tree.flatten(predictions)`.

    Args:
        given: A single thing for all, or a list or dict of them, as `compile` and `fit` take it.
        predictions: The model's outputs.
        names: Names of the outputs, or None.
    """
    count = len(keras.tree.flatten(predictions))
    if isinstance(given, dict):
        keys = list(keras.tree.flatten({k: k for k in predictions})) if isinstance(predictions, dict) else names
        if keys and set(given) <= set(keys):
            return [given.get(key) for key in keys]
        given = list(given.values())
    if isinstance(given, (list, tuple)):
        given = keras.tree.flatten(list(given))
        return [*given, *[None] * (count - len(given))][:count]
    return [given] * count


def output_activations(model, count):
    """Returns the activation functions that the outputs of a model end with; None where it cannot be told."""
    if isinstance(model, keras.Sequential):
        layers = model.layers[-1:]
    else:
        by_name = {layer.name: layer for layer in model.layers}
        layers = [by_name.get(name) for name in getattr(model, "output_names", None) or ()]
    found = []
    for layer in layers:
        if isinstance(layer, keras.Model):
            found += output_activations(layer, 1)
        else:
            softmax = isinstance(layer, keras.layers.Softmax)
            found.append(keras.activations.softmax if softmax else getattr(layer, "activation", None))
    return found if len(found) == count else [None] * count


def sum_of_squares(x):
    """Returns Σ x² of each sample of a tensor `(batch, ...)`, in float32."""
    x = ops.cast(x, "float32")
    return ops.sum(ops.square(x), axis=tuple(range(1, len(x.shape)))) if len(x.shape) > 1 else ops.square(x)


def _from_logits(loss):
    """Whether a loss takes logits; None if it does not say."""
    if isinstance(loss, keras.losses.Loss):
        with contextlib.suppress(NotImplementedError):
            if "from_logits" in loss.get_config():
                return bool(loss.get_config()["from_logits"])
    if getattr(loss, "__module__", "").startswith("keras."):
        return False
    given = getattr(loss, "from_logits", None)
    return None if given is None else bool(given)


def _log_softmax(x, logits):
    return ops.log_softmax(x, axis=-1) if logits else ops.log(ops.maximum(x, keras.config.epsilon()))


def _log_sigmoid(x, logits):
    """The logarithms of a probability and of its complement."""
    if logits:
        return -ops.softplus(-x), -ops.softplus(x)
    x = ops.clip(x, keras.config.epsilon(), 1 - keras.config.epsilon())
    return ops.log(x), ops.log1p(-x)
