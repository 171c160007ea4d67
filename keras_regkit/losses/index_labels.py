"""Labels that say which sample they belong to."""

import warnings

import numpy as np
from keras import ops

from keras_regkit._core.backend import when_differentiated
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Array
from keras_regkit._core.warnings import DataWarning, NoEffectWarning
from keras_regkit.losses._labels import checked

# float32, in which labels reach a loss, holds every integer up to here.
MOST_SAMPLES = 2**24


def index_labels(labels: Array, classes: int, index: Array | None = None) -> Array:
    """Returns one-hot or soft labels with one more column, which says which sample each row is.

    Use it for the training labels of `EarlyLearning` and `JSDConsistency`, in place of `y` in `fit`. The column holds
    −1 − index: all below 0, so that the largest entry of a row is still its class, and metrics that look for that, such
    as `"accuracy"`, stay right. Validation labels stay one-hot, without the column.

    Args:
        labels: NumPy array of integer labels `(n,)` or `(n, 1)`, or of one-hot or soft labels `(n, classes)`.
        classes: Number of classes K, at least 2.
        index: Whole numbers `(n,)`, from 0 up to 2²⁴ − 1, the index of each row. Defaults to 0, 1, 2, ...

    Returns:
        float32 array `(n, classes + 1)`.

    Raises:
        ValueError, TypeError: labels or index have another shape, or are out of range.

    Example:

    >>> index_labels(np.array([2, 0]), classes=3)
    array([[ 0.,  0.,  1., -1.],
           [ 1.,  0.,  0., -2.]], dtype=float32)
    """
    check_arguments({"classes": Interval(2, closed="left", integer=True)}, classes=classes)
    labels = np.asarray(labels)
    if labels.ndim == 1 or labels.shape[1:] == (1,):
        ids = labels.reshape(-1)
        if not np.isin(ids, np.arange(classes)).all():
            raise ValueError(
                f"Integer labels must be whole numbers from 0 to {classes - 1}. Received: {np.unique(ids)[:10]}"
            )
        labels = np.eye(classes)[ids.astype("int64")]
    elif labels.shape[1:] != (classes,):
        raise ValueError(
            f"`labels` must be integers of shape (n,), or one-hot or soft of shape (n, {classes}). Received: shape "
            f"{labels.shape}"
        )
    index = np.arange(len(labels)) if index is None else np.asarray(index)
    if index.shape != labels.shape[:1]:
        raise ValueError(f"`index` must have the shape {labels.shape[:1]}. Received: {index.shape}")
    if index.size and not (index.min() >= 0 and index.max() < MOST_SAMPLES and (index % 1 == 0).all()):
        raise ValueError(
            f"`index` must hold whole numbers from 0 to {MOST_SAMPLES - 1}. Received: {index.min()} to {index.max()}"
        )
    return np.concatenate([labels, -1 - index[:, None]], axis=1).astype("float32")


def split_index(y_true, y_pred, loss):
    """Returns labels and index apart; None for the index of labels that have none.

    Args:
        y_true: Tensor of labels, with or without the column of `index_labels`.
        y_pred: Tensor of predictions `(batch, K)`.
        loss: The loss, for messages.
    """
    classes = y_pred.shape[-1]
    if len(y_pred.shape) != 2 or classes < 2:
        raise ValueError(
            f"{type(loss).__name__} takes predictions (batch, classes) with a column for each of at least 2 classes; "
            f"end the model with two outputs for a yes or no. Received: shape {tuple(y_pred.shape)}"
        )
    if len(y_true.shape) != 2 or y_true.shape[-1] != classes + 1:
        _tell_of_integers(y_true, loss)
        return y_true, None
    loss._seen_index = True
    if loss.dtype in ("float16", "bfloat16"):
        raise ValueError(
            f"A loss of dtype {loss.dtype} cannot tell samples apart. Make {loss.name!r} with dtype='float32'"
        )
    index = -1 - y_true[:, classes]
    whole = (index >= 0) & (ops.floor(index) == index)
    return y_true[:, :classes], checked(index, whole, "The last column of labels must be made by `index_labels`")


def _tell_of_integers(y_true, loss):
    """Warns, once, of integer labels beside those of `index_labels`."""
    if not getattr(loss, "_seen_index", False) or (len(y_true.shape) > 1 and y_true.shape[-1] != 1):
        return
    if not getattr(loss, "_told_of_integers", False):
        loss._told_of_integers = True
        warnings.warn(
            f"{type(loss).__name__} was given integer labels after those of `index_labels`. The loss is right, but "
            'metrics=["accuracy"] takes them for one-hot ones and is wrong. Use '
            "keras.utils.to_categorical(y_val, classes) for validation",
            DataWarning,
            stacklevel=2,
        )


def warned_of_without_index(values, loss):
    """Returns `values`, the plain cross-entropy of labels without index; warns if a gradient is taken of it.

    Args:
        values: Tensor.
        loss: The loss, for the message.
    """

    def warn():
        warnings.warn(
            f"{type(loss).__name__} was trained on labels without the column of `index_labels`, and is the plain "
            "cross-entropy there. Call fit(x, index_labels(y, classes), ...)",
            NoEffectWarning,
            stacklevel=2,
        )

    return when_differentiated(values, warn)
