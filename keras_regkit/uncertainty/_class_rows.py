"""Probabilities and labels as NumPy arrays with one column per class."""

import numpy as np

_TOLERANCE = 1e-3  # of sums of float16 probabilities


def looks_like_probabilities(values):
    """Whether an array `(..., K)` holds probabilities: in [0, 1], and rows that sum to 1 where there are several."""
    within = values.size and values.min() >= -_TOLERANCE and values.max() <= 1 + _TOLERANCE
    return bool(within and (values.shape[-1] == 1 or np.abs(values.sum(-1, dtype="float64") - 1).max() <= _TOLERANCE))


def as_pairs(values):
    """Returns one column of probabilities of "yes" as two, "no" and "yes"; several as they are."""
    return np.concatenate([1 - values, values], -1) if values.shape[-1] == 1 else values


def logit_pairs(logits):
    """Returns one column of logits as two, whose softmax is its sigmoid; several as they are."""
    return np.concatenate([np.zeros_like(logits), logits], -1) if logits.shape[-1] == 1 else logits


def log_softmax(logits):
    """Returns log-probabilities of float64 logits `(..., K)`."""
    shifted = logits - logits.max(-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(-1, keepdims=True))


def probabilities(logits):
    """Returns the probabilities of logits, float64; for one column the sigmoid."""
    columns = logits.shape[-1]
    return np.exp(log_softmax(logit_pairs(logits.astype("float64"))))[..., -columns:]


def entropy(p):
    """Returns −Σ_k p_k log p_k in nats, with 0 log 0 = 0."""
    return -np.sum(p * np.log(np.where(p > 0, p, 1)), -1)


def label_rows(labels, classes):
    """Returns labels as rows of label mass, float64 `(n, K)`; two columns for a yes or no.

    Args:
        labels: Integers `(n,)` or `(n, 1)`, or one-hot or soft rows `(n, classes)`; for `classes = 1` zeros and ones,
            or shares between them.
        classes: Columns of the predictions.

    Raises:
        ValueError: the labels have another shape, or are out of range.
    """
    labels = np.asarray(labels)
    if labels.dtype.kind not in "biuf":
        raise ValueError(f"Labels must be numbers. Received: an array of dtype {labels.dtype}")
    flat = labels.ndim == 1 or labels.shape[1:] == (1,)
    if classes > 1 and flat:
        ids = labels.reshape(-1)
        if not np.isin(ids, np.arange(classes)).all():
            raise ValueError(
                f"Integer labels must be whole numbers from 0 to {classes - 1}. Received: {np.unique(ids)[:10]}"
            )
        return np.eye(classes)[ids.astype("int64")]
    if not flat and labels.shape[1:] != (classes,):
        raise ValueError(
            f"Labels must be integers of shape (rows,), or have the predictions' shape (rows, {classes}). Received: "
            f"shape {labels.shape}"
        )
    labels = labels.reshape(len(labels), -1).astype("float64")
    if not looks_like_probabilities(labels):
        raise ValueError("Labels must be 0 or 1, or shares in [0, 1], and sum to 1 where there are several columns")
    return as_pairs(labels)
