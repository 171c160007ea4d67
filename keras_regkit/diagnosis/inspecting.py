"""What a model says about itself, as far as the advice depends on it."""

import dataclasses
import math

import keras

from keras_regkit._core.prox import without_strengths
from keras_regkit.diagnosis.audit.noise_layers import is_dropout, rates_of
from keras_regkit.diagnosis.audit.strengths import brief, strength_of


@dataclasses.dataclass(frozen=True)
class ModelFacts:
    """Regularization that a model already has, and its size.

    Args:
        parameters: Number of weights, `None` before the model is built.
        largest: Names of the layers that hold most of the weights.
        dropout: Rates of the dropout layers, input to output.
        l1, l2: Strengths of the kernel regularizers in use, without repetition.
        other_penalties: Names of the kernel regularizers that are neither.
        batch_norm: Whether a normalization layer is there that steadies training.
        max_norm: Whether a kernel is constrained.
        convolutional: Whether it has two-dimensional convolutions, so that its inputs are images or spectrograms.
        optimizer: Class name in lower case, or an empty string.
        learning_rate, weight_decay, clipping: Of the optimizer; `None` where unset.
        task: `"classification"`, `"regression"` or `None`.
        label_smoothing: Of the loss; 0 where it has none.
        reference_loss: Cross-entropy of a guess that gives every class the same probability, or `None`.
    """

    parameters: int | None = None
    largest: tuple = ()
    dropout: tuple = ()
    l1: tuple = ()
    l2: tuple = ()
    other_penalties: tuple = ()
    batch_norm: bool = False
    max_norm: bool = False
    convolutional: bool = False
    optimizer: str = ""
    learning_rate: float | None = None
    weight_decay: float | None = None
    clipping: float | None = None
    task: str | None = None
    label_smoothing: float = 0.0
    reference_loss: float | None = None

    @property
    def regularized(self):
        """Whether anything in the model or its optimizer holds training back."""
        decay = self.weight_decay or 0
        smoothing = self.label_smoothing
        penalized = self.l1 or self.l2 or self.other_penalties
        return bool(any(self.dropout) or penalized or self.max_norm or decay or smoothing)


def inspect_model(model):
    """Returns the `ModelFacts` of a Keras model, compiled or not."""
    if not isinstance(model, keras.Model):
        raise TypeError(
            f"`model` must be a keras.Model, or None. Received: {model!r:.80} of type {type(model).__name__}"
        )
    layers = list(_leaves(model))
    task, reference, smoothing = _task(model)
    optimizer = getattr(model, "optimizer", None)
    # Mixed precision wraps the optimizer that holds the settings.
    optimizer = getattr(optimizer, "inner_optimizer", optimizer)
    return ModelFacts(
        parameters=model.count_params() if model.built else None,
        largest=_largest(layers),
        dropout=tuple(rates_of(layer).get("rate", 0.0) for layer in layers if is_dropout(layer)),
        l1=_strengths(layers, "l1"),
        l2=_strengths(layers, "l2"),
        other_penalties=_other_penalties(layers),
        batch_norm=any(isinstance(layer, _NORMALIZATIONS) for layer in layers),
        max_norm=any(getattr(layer, "kernel_constraint", None) is not None for layer in layers),
        convolutional=any(isinstance(layer, _CONVOLUTIONS) for layer in layers),
        optimizer="" if optimizer is None else type(optimizer).__name__.lower(),
        learning_rate=_learning_rate(optimizer),
        weight_decay=getattr(optimizer, "weight_decay", None),
        clipping=_clipping(optimizer),
        task=task,
        label_smoothing=smoothing,
        reference_loss=reference,
    )


_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.LayerNormalization,
    keras.layers.GroupNormalization,
    keras.layers.RMSNormalization,
)
_CONVOLUTIONS = (
    keras.layers.Conv2D,
    keras.layers.DepthwiseConv2D,
    keras.layers.SeparableConv2D,
    keras.layers.Conv2DTranspose,
)


def _leaves(layer, seen=None):
    """Yields the layers below `layer` that hold no others, each once, in order."""
    seen = set() if seen is None else seen
    if id(layer) in seen:
        return
    seen.add(id(layer))
    # `layers` of models, `layer` of wrappers, the two directions of Bidirectional: all public names.
    inner = list(getattr(layer, "layers", None) or ())
    inner += [getattr(layer, name, None) for name in ("layer", "forward_layer", "backward_layer")]
    inner = [item for item in inner if isinstance(item, keras.layers.Layer)]
    if not inner:
        yield layer
    for item in inner:
        yield from _leaves(item, seen)


def _largest(layers):
    """Returns the fewest layers that together hold half of the weights."""
    sizes = {layer.name: layer.count_params() for layer in layers if layer.built}
    total, names, held = sum(sizes.values()), [], 0
    for name in sorted(sizes, key=sizes.get, reverse=True):
        if held >= total / 2:
            break
        names.append(name)
        held += sizes[name]
    return tuple(names)


def _strengths(layers, name):
    found = {strength_of(getattr(layer, "kernel_regularizer", None), name) for layer in layers}
    return tuple(sorted(strength for strength in found if strength > 0))


def _other_penalties(layers):
    plain = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    found = [without_strengths(getattr(layer, "kernel_regularizer", None))[0] for layer in layers]
    return tuple(sorted({brief(penalty) for penalty in found if penalty and not isinstance(penalty, plain)}))


def _learning_rate(optimizer):
    if optimizer is None:
        return None
    return float(f"{float(keras.ops.convert_to_numpy(optimizer.learning_rate)):.6g}")


def _clipping(optimizer):
    settings = [getattr(optimizer, name, None) for name in ("clipnorm", "clipvalue", "global_clipnorm")]
    return next((float(setting) for setting in settings if setting), None)


def _task(model):
    """Returns the task, the loss of a guess, and the label smoothing, read from a single compiled loss."""
    loss = getattr(model, "loss", None)
    if loss is None or isinstance(loss, (dict, list, tuple)):
        return None, None, 0.0
    if isinstance(loss, str):
        loss = keras.losses.get(loss)
    name = (getattr(loss, "__name__", None) or type(loss).__name__).replace("_", "").lower()
    smoothing = float(getattr(loss, "label_smoothing", 0.0) or 0.0)
    if "crossentropy" in name:
        return "classification", _guess(model, name), smoothing
    if any(part in name for part in ("hinge", "focal")):
        return "classification", None, smoothing
    if any(part in name for part in ("squared", "absolute", "huber", "logcosh", "poisson")):
        return "regression", None, smoothing
    return None, None, smoothing


def _guess(model, name):
    if name == "binarycrossentropy":
        return math.log(2)
    shape = getattr(model, "output_shape", None) if model.built else None
    if name in ("categoricalcrossentropy", "sparsecategoricalcrossentropy") and isinstance(shape, tuple):
        classes = shape[-1]
        return math.log(classes) if isinstance(classes, int) and classes > 1 else None
    return None
