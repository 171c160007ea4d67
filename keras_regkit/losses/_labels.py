"""Labels and predictions of every kind, read as one row of label mass and one of log-probabilities.

Integer labels become one-hot rows. A yes-or-no output becomes a choice between two classes, "no" and "yes". What is
computed is float32 at least, so that logits in float16 are safe.
"""

import keras
from keras import ops

from keras_regkit._core.backend import is_known

# The largest number up to which a dtype holds every integer.
_EXACT = {"bfloat16": 2**8, "float16": 2**11}
# Shares that were mixed or averaged leave [0, 1] by as much as the rounding of 16 bits.
_ROUNDING = 1e-3


class Classes:
    """Labels and predictions of a batch, over the classes of the last axis.

    Args:
        y_true: Integer labels, one-hot or soft ones, or shares of "yes", as the predictions' shape decides.
        y_pred: Predictions `(batch, ..., K)`; for `K = 1`, or with `multi_label`, one yes-or-no each.
        from_logits: Whether the predictions are logits.
        multi_label: Whether each of several outputs is a yes-or-no of its own.

    Raises:
        ValueError: the shapes do not fit, or labels that can be seen are out of range. Those that cannot be seen, in a
            compiled step, make their row's labels NaN, and so the loss.
    """

    def __init__(self, y_true, y_pred, from_logits, multi_label=False):
        y_true, self.predictions = ops.convert_to_tensor(y_true), at_least_float32(ops.convert_to_tensor(y_pred))
        if len(self.predictions.shape) < 2:
            raise ValueError(
                "`y_pred` must have the shape (batch, ..., classes), or (batch, ..., 1) for a yes or no. "
                f"Received: shape {tuple(self.predictions.shape)}"
            )
        self.from_logits = from_logits
        self.binary = multi_label or self.predictions.shape[-1] == 1
        self.labels = self._pairs(y_true) if self.binary else _class_rows(y_true, self.predictions)

    @property
    def log_p(self):
        """Log-probabilities, shaped like the labels."""
        y = self.predictions
        if self.binary and self.from_logits:
            return ops.stack([ops.log_sigmoid(-y), ops.log_sigmoid(y)], -1)
        if self.from_logits:
            return ops.log_softmax(y)
        # As Keras does it where it is given probabilities.
        tiny = keras.config.epsilon()
        if self.binary:
            y = ops.clip(y, tiny, 1 - tiny)
            return ops.stack([ops.log(1 - y), ops.log(y)], -1)
        return ops.log(ops.clip(y / ops.sum(y, -1, keepdims=True), tiny, 1 - tiny))

    def cross_entropy(self, labels):
        """Keras' own cross-entropy of the predictions, per choice; `labels` are shaped like `self.labels`."""
        if self.binary:
            return ops.binary_crossentropy(labels[..., 1], self.predictions, from_logits=self.from_logits)
        return ops.categorical_crossentropy(labels, self.predictions, from_logits=self.from_logits)

    def per_sample(self, values):
        """Averages what was computed per choice over the outputs that are a yes-or-no each."""
        return ops.mean(values, -1) if self.binary else values

    def _pairs(self, y_true):
        if len(y_true.shape) == len(self.predictions.shape) - 1:
            y_true = ops.expand_dims(y_true, -1)
        labels = as_shaped(
            y_true, self.predictions, "zeros and ones, or shares between them, of the predictions' shape"
        )
        labels = _shares(labels)
        return ops.stack([1 - labels, labels], -1)


def at_least_float32(tensor):
    """Returns 16-bit floats as float32, others as they are."""
    return ops.cast(tensor, "float32") if keras.backend.standardize_dtype(tensor.dtype) in _EXACT else tensor


def is_sparse(y_true, y_pred):
    """Whether the labels are integers, one per row of predictions, going by the shapes."""
    ranks = len(y_true.shape), len(y_pred.shape)
    return ranks[0] == ranks[1] - 1 or (ranks[0] == ranks[1] and y_true.shape[-1] == 1)


def one_hot(y_true, y_pred):
    """Returns integer labels `(...)` or `(..., 1)` as rows `(..., K)`, of NaN where a label is no class."""
    classes = y_pred.shape[-1]
    dtype = keras.backend.standardize_dtype(y_true.dtype)
    if classes > _EXACT.get(dtype, classes):
        raise ValueError(
            f"A loss of dtype {dtype} cannot tell {classes} integer labels apart, only the first {_EXACT[dtype]}. "
            "Make it with dtype='float32'"
        )
    if len(y_true.shape) == len(y_pred.shape):
        y_true = ops.squeeze(y_true, -1)
    ids = ops.cast(y_true, "int32")
    valid = (ids >= 0) & (ids < classes) & (ops.cast(ids, y_true.dtype) == y_true)
    rows = ops.one_hot(ops.where(valid, ids, 0), classes, dtype=y_pred.dtype)
    return checked(rows, ops.expand_dims(valid, -1), f"Integer labels must be whole numbers from 0 to {classes - 1}")


def as_shaped(y_true, y_pred, wanted):
    """Returns labels of the predictions' dtype; raises if they are not of their shape."""
    lengths = [*zip(y_true.shape, y_pred.shape, strict=False)]
    if len(y_true.shape) != len(y_pred.shape) or any(a != b for a, b in lengths if None not in (a, b)):
        raise ValueError(
            f"`y_true` must be {wanted}. Received: labels of shape {tuple(y_true.shape)}, predictions of shape "
            f"{tuple(y_pred.shape)}"
        )
    return ops.cast(y_true, y_pred.dtype)


def checked(values, valid, message):
    """Returns `values`, NaN where they are not valid; raises instead if that can be seen now."""
    if is_known(valid) and not bool(ops.convert_to_numpy(ops.all(valid))):
        raise ValueError(f"{message}. Received {int((~ops.convert_to_numpy(valid)).sum())} that are not")
    return ops.where(valid, values, float("nan"))


def _class_rows(y_true, y_pred):
    if is_sparse(y_true, y_pred):
        return one_hot(y_true, y_pred)
    shape = tuple(y_pred.shape[:-1])
    return _shares(
        as_shaped(y_true, y_pred, f"integer labels of shape {shape}, or one-hot or soft ones of the predictions' shape")
    )


def _shares(labels):
    return checked(labels, (labels >= -_ROUNDING) & (labels <= 1 + _ROUNDING), "Label shares must be in [0, 1]")
