"""AugMix's consistency: three views of a sample shall be predicted alike."""

import math

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like
from keras_regkit.losses._labels import Classes, checked
from keras_regkit.losses.index_labels import split_index, warned_of_without_index

VIEWS = 3


def jensen_shannon(log_p):
    """Returns the Jensen-Shannon divergence between the predictions for the views of each sample.

    Args:
        log_p: Log-probabilities, shape `(samples, views, K)`.

    Returns:
        Tensor `(samples,)`: 1/V Σ_v KL(p_v ‖ M), with M the mean of the p_v; between 0 and log V.
    """
    log_mean = ops.logsumexp(log_p, 1, keepdims=True) - math.log(log_p.shape[1])
    return ops.mean(ops.sum(ops.exp(log_p) * (log_p - log_mean), -1), 1)


@keras.saving.register_keras_serializable("keras_regkit")
class JSDConsistency(ClassLoss):
    """Cross-entropy of a sample as it is, and the divergence between predictions for it and for two augmented views.

    Use it with strong augmentation that leaves the class as it is, to have predictions that hold under changes of the
    input.

        L = CE(p_0, y) + λ JS(p_0, p_1, p_2),    JS = 1/3 Σ_v KL(p_v ‖ M),    M = (p_0 + p_1 + p_2) / 3

    **What a batch must be.** Rows in groups of three: a sample as it is, one augmented view of it, another one; then
    the next sample. Their labels come from `index_labels`, with the sample's index on each of its three rows:

        x = np.concatenate(np.stack([clean, augmented_1, augmented_2], axis=1))
        y = index_labels(np.repeat(labels, 3), classes, index=np.repeat(np.arange(len(labels)), 3))
        model.fit(x, y, batch_size=96, shuffle=False)

    To shuffle, let a dataset shuffle samples before it makes three rows of each. Rows that are not in groups of three
    are refused where that can be seen; in a compiled step they make the loss NaN. Labels without index (one-hot, soft
    or integer) are taken for plain rows and get the plain cross-entropy: so validation and test data need no views. A
    `NoEffectWarning` says when such labels are trained on.

    Each row of a group has the group's value, so that reductions are as in Keras; with sample weights a group counts as
    much as its three rows do on average. `strength=0` is the cross-entropy of the clean rows.

    Args:
        strength: Weight λ of the divergence, at least 0: a number, or a schedule over training steps (on JAX a
            schedule needs `callbacks.StrengthMonitor` in `fit`). Defaults to 12.0, as in the paper.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"jsd_consistency"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Labels of `index_labels`, `(3 · samples, K + 1)`, or plain ones.
        y_pred: Predictions `(3 · samples, K)`, K at least 2, or of plain rows.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit, the rows are not in
            groups of three, or a label is no class.

    Reference:
        Hendrycks et al. 2020, "AugMix: A Simple Data Processing Method to Improve Robustness and Uncertainty",
        section 3.

    Example:

    >>> from keras_regkit.losses import index_labels
    >>> labels = index_labels(np.array([0, 0, 0]), classes=2, index=np.array([0, 0, 0]))
    >>> loss = JSDConsistency()
    >>> round(float(loss(labels, [[0.5, 0.5], [0.5, 0.5], [0.5, 0.5]])), 4)
    0.6931
    >>> round(float(loss(labels, [[0.5, 0.5], [0.9, 0.1], [0.1, 0.9]])), 4)
    3.6377
    """

    STRENGTH = "strength"
    # Told to methods that would mix rows of one group with those of another.
    rows_in_groups = True
    RANGES = {"strength": Interval(0, closed="left"), "from_logits": FLAG}  # noqa: RUF012

    def __init__(
        self,
        strength: StrengthLike = 12.0,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "jsd_consistency",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(strength, from_logits, reduction, name, dtype)

    @property
    def strength(self):
        """λ as it was given: a number or a schedule."""
        return self.given

    def call(self, y_true, y_pred):
        y_pred = ops.convert_to_tensor(y_pred)
        labels, index = split_index(ops.convert_to_tensor(y_true), y_pred, self)
        classes = Classes(labels, y_pred, self.from_logits)
        plain = classes.cross_entropy(classes.labels)
        if index is None:
            return warned_of_without_index(plain, self)
        if index.shape[0] is not None and index.shape[0] % VIEWS:
            raise ValueError(f"A batch must have {VIEWS} rows per sample. Received: {index.shape[0]} rows")
        log_p = ops.reshape(classes.log_p, (-1, VIEWS, y_pred.shape[-1]))
        index = ops.reshape(index, (-1, VIEWS))
        clean = checked(
            ops.reshape(plain, (-1, VIEWS))[:, 0],
            ops.all(index == index[:, :1], -1),
            "Rows must come in groups of 3 with the same index: clean, augmented, augmented. Samples",
        )
        return self.scale(lambda strength: _on_each_row(clean + like(strength, clean) * jensen_shannon(log_p)))


def _on_each_row(values):
    """Gives each row of a group the value of its sample: shapes `(samples,)` to `(3 · samples,)`."""
    return ops.reshape(ops.stack([values] * VIEWS, 1), (-1,))
