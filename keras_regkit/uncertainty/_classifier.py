"""What a classifier predicts for labelled data, as NumPy arrays, and whether it predicts logits."""

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.data import as_batches
from keras_regkit._core.output_kind import config_of_loss, last_activation, makes_decisions, wired_models
from keras_regkit.uncertainty._class_rows import label_rows
from keras_regkit.uncertainty._stacked import as_float32

_SAY = "Say which with from_logits=True or from_logits=False"


def predicts_logits(model, from_logits):
    """Whether the outputs of `model` are logits.

    Args:
        model: A classifier.
        from_logits: True or False, or `"auto"`: a last layer with softmax or sigmoid makes probabilities; otherwise
            the compiled loss says it, and without one a last layer without activation makes logits. A model that has
            an attribute `from_logits`, True or False, says it itself.

    Raises:
        ValueError: there is nothing to tell it by, or the outputs are several yes-or-no decisions.
    """
    if from_logits != "auto":
        return from_logits
    if isinstance(getattr(model, "from_logits", None), bool):
        return model.from_logits
    columns = _columns(model)
    activation = last_activation(model)
    loss = config_of_loss(getattr(model, "loss", None))
    several = activation == "sigmoid" or makes_decisions(loss)
    if columns and columns > 1 and several:
        raise ValueError(
            f"The outputs of {model.name!r} are {columns} yes-or-no decisions. Calibration takes one of them, or "
            "classes that exclude each other"
        )
    if activation in ("softmax", "sigmoid"):
        return False
    if "from_logits" in loss:
        return loss["from_logits"]
    if activation == "linear":
        return True
    raise ValueError(f"Whether {model.name!r} predicts logits or probabilities cannot be seen from its layers. {_SAY}")


def read_classifier(model, data, batch_size):
    """Returns `(outputs, labels, weights)` of a classifier in inference mode.

    Returns:
        outputs: float64 `(n, K)`, as the model gives them.
        labels: float64 rows of label mass, `(n, K)`, or `(n, 2)` for a single output.
        weights: float64 `(n,)`, with a sum of 1.

    Raises:
        ValueError: the model has several outputs, or gives what is no number; the labels do not fit.
    """
    if not isinstance(model, keras.Model):
        raise TypeError(f"`model` must be a keras.Model. Received: {model!r} of type {type(model).__name__}")
    if not model.built:
        raise ValueError(f"The model must be built. Received: {model.name!r}, which is not")
    predict = compile_inference(model, lambda batch: as_float32(model(batch, training=False)))
    outputs, labels, weights = [], [], []
    for x, y, weight in as_batches(data, batch_size, "data")():
        if y is None:
            raise ValueError("`data` must have labels: (x, y), or batches of them")
        output = predict(x)
        if keras.tree.is_nested(output) or keras.tree.is_nested(y):
            raise ValueError(f"The model must have one output. Received: {model.name!r}, which has several")
        outputs.append(_columnar(ops.convert_to_numpy(output)))
        labels.append(y.reshape(len(y)) if y.shape[1:] == (1,) else y)
        weights.append(np.ones(len(y)) if weight is None else weight.reshape(len(y)))
    if not outputs:
        raise ValueError("`data` must have at least one row. Received none")
    outputs = np.concatenate(outputs).astype("float64")
    bad = ~np.isfinite(outputs).all(1)
    if bad.any():
        raise ValueError(
            f"Predictions must be finite. {model.name!r} gave NaN or infinity for {bad.sum()} of {len(bad)} rows"
        )
    weights = np.concatenate(weights).astype("float64")
    if not (weights.min() >= 0 and 0 < weights.sum() < np.inf):
        raise ValueError("Sample weights must be at least 0, finite, and not all 0")
    return outputs, label_rows(np.concatenate(labels), outputs.shape[1]), weights / weights.sum()


def _columnar(output):
    if output.ndim == 1:
        return output[:, None]
    if output.ndim != 2:
        raise ValueError(f"Predictions must have the shape (rows, classes). Received: {output.shape}")
    return output


def _columns(model):
    """Number of columns of the output, None if it cannot be seen; raises for what is no single output of them."""
    if not isinstance(model, wired_models()) or not model.built:
        return None
    if len(model.outputs) > 1:
        raise ValueError(f"The model must have one output. Received: {model.name!r}, which has several")
    shape = tuple(model.outputs[0].shape)
    if len(shape) != 2:
        raise ValueError(f"Predictions must have the shape (rows, classes). Received: {shape}")
    return shape[1]
