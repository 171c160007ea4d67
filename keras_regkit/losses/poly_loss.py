"""Poly-1: cross-entropy with its first polynomial coefficient turned."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like


def first_term(labels, log_p):
    """Returns 1 − P_t, with P_t = Σ_k y_k p_k the probability of the label; shapes `(..., K)` to `(...)`."""
    return 1 - ops.sum(labels * ops.exp(log_p), -1)


@keras.saving.register_keras_serializable("keras_regkit")
class PolyLoss(ClassLoss):
    """Cross-entropy with its leading polynomial term made larger or smaller: the Poly-1 loss.

    Use it as one number to tune on top of the cross-entropy. −log P_t is the sum of (1 − P_t)^j / j; this turns the
    coefficient of the first term, which matters most where predictions are nearly right. Above 0 the model grows more
    confident, below 0 less.

        L = CE + ε (1 − P_t),    P_t = Σ_k y_k p_k

    `epsilon=0` is the plain cross-entropy.

    Args:
        epsilon: The change ε of the first coefficient, at least −1: a number, or a schedule over training steps (on
            JAX a schedule needs `callbacks.StrengthMonitor` in `fit`). Typical: 1 or 2 for image classification, below
            0 for detection. Defaults to 1.0.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        multi_label: Whether each of several outputs is a yes-or-no of its own, as with `"binary_crossentropy"`; a
            single output always is. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"poly_loss"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or one-hot or soft ones `(batch, K)`; for yes-or-no outputs
            zeros and ones, or shares between them, shaped like `y_pred`. Any axes may lie between the first and the
            last. A label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for yes-or-no outputs.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit or a label is no class.

    Reference:
        Leng et al. 2022, "PolyLoss: A Polynomial Expansion Perspective of Classification Loss Functions", section 4.

    Example:

    >>> loss = PolyLoss(epsilon=2.0)
    >>> round(float(loss([1], [[0.5, 0.5]])), 4)  # log 2 + 2 · 0.5
    1.6931
    """

    STRENGTH = "epsilon"
    RANGES = {"epsilon": Interval(-1, closed="left"), "from_logits": FLAG, "multi_label": FLAG}  # noqa: RUF012

    def __init__(
        self,
        epsilon: StrengthLike = 1.0,
        from_logits: bool = False,
        multi_label: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "poly_loss",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(epsilon, from_logits, reduction, name, dtype, multi_label)

    @property
    def epsilon(self):
        """ε as it was given: a number or a schedule."""
        return self.given

    def choices(self, classes, strength):
        plain = classes.cross_entropy(classes.labels)
        return plain + like(strength, plain) * first_term(classes.labels, classes.log_p)
