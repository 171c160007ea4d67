"""Generalized cross-entropy, between cross-entropy and mean absolute error."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like

# Below this, (1 − p^q) / q is no longer told apart from −log p, and q must not be divided by.
_SMALLEST_Q = 1e-6


def box_cox(labels, log_p, q):
    """Returns Σ_k y_k (1 − p_k^q) / q, exact also for small q > 0.

    Args:
        labels: One-hot or soft labels, shape `(..., K)`.
        log_p: Log-probabilities, of the same shape.
        q: Scalar tensor in (0, 1].

    Returns:
        Tensor of shape `(...)`.
    """
    return -ops.sum(labels * ops.expm1(q * log_p), -1) / q


@keras.saving.register_keras_serializable("keras_regkit")
class GeneralizedCrossEntropy(ClassLoss):
    """A loss between cross-entropy, which learns fast, and mean absolute error, which noise moves little.

    Use it when labels are noisy. Unlike `keras.losses.CategoricalGeneralizedCrossEntropy`, which takes integer labels
    only, it is right for one-hot, soft and binary labels too.

        L = Σ_k y_k (1 − p_k^q) / q

    q → 0 is the cross-entropy, and `q=0` is computed as such. For one-hot labels `q=1` is 1 − p_y, half the mean
    absolute error summed over classes. The truncated loss of the paper, which sets aside samples by their probability,
    is not part of this.

    Args:
        q: Exponent in [0, 1]: a number, or a schedule over training steps (on JAX a schedule needs
            `callbacks.StrengthMonitor` in `fit`). Defaults to 0.7, as in the paper.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        multi_label: Whether each of several outputs is a yes-or-no of its own, as with `"binary_crossentropy"`; a
            single output always is. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"generalized_cross_entropy"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or one-hot or soft ones `(batch, K)`; for yes-or-no outputs
            zeros and ones, or shares between them, shaped like `y_pred`. Any axes may lie between the first and the
            last. A label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for yes-or-no outputs.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit or a label is no class.

    Reference:
        Zhang and Sabuncu 2018, "Generalized Cross Entropy Loss for Training Deep Neural Networks with Noisy Labels",
        section 3.2.

    Example:

    >>> loss = GeneralizedCrossEntropy(q=1.0)
    >>> round(float(loss([[0, 1]], [[0.25, 0.75]])), 4)
    0.25
    """

    STRENGTH = "q"
    RANGES = {"q": Interval(0, 1), "from_logits": FLAG, "multi_label": FLAG}  # noqa: RUF012

    def __init__(
        self,
        q: StrengthLike = 0.7,
        from_logits: bool = False,
        multi_label: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "generalized_cross_entropy",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(q, from_logits, reduction, name, dtype, multi_label)

    @property
    def q(self):
        """The exponent as it was given: a number or a schedule."""
        return self.given

    def choices(self, classes, strength):
        q = like(strength, classes.labels)
        between = box_cox(classes.labels, classes.log_p, ops.maximum(q, _SMALLEST_Q))
        return ops.where(q > 0, between, classes.cross_entropy(classes.labels))
