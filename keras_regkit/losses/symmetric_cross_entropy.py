"""Symmetric cross-entropy, for noisy labels."""

import math

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like


def reverse_cross_entropy(labels, log_p, log_clip):
    """Returns −Σ_k p_k log y_k, with log y_k no lower than `log_clip`.

    Args:
        labels: One-hot or soft labels, shape `(..., K)`.
        log_p: Log-probabilities, of the same shape.
        log_clip: Number below 0, the A of the paper that stands for log 0.

    Returns:
        Tensor of shape `(...)`. For one-hot labels it is −A (1 − p_y).
    """
    return -ops.sum(ops.exp(log_p) * ops.log(ops.clip(labels, math.exp(log_clip), 1.0)), -1)


@keras.saving.register_keras_serializable("keras_regkit")
class SymmetricCrossEntropy(ClassLoss):
    """Cross-entropy both ways: of the predictions for the labels, and of the labels for the predictions.

    Use it when labels are noisy: the reverse term is bounded, so that a wrong label cannot pull without limit, while
    the plain term still learns the classes that are hard.

        L = α CE + β RCE,    CE = −Σ_k y_k log p_k,    RCE = −Σ_k p_k log y_k,  with log 0 = A

    `alpha=1, beta=0` is the plain cross-entropy.

    Args:
        alpha: Weight α of the cross-entropy, at least 0. The paper has 0.1 (CIFAR-10) and 6 (CIFAR-100). Defaults
            to 0.1.
        beta: Weight β of the reverse cross-entropy, at least 0: a number, or a schedule over training steps (on JAX a
            schedule needs `callbacks.StrengthMonitor` in `fit`). The paper has 1 and 0.1. Defaults to 1.0.
        log_clip: The number A, below 0, that stands for log 0. Defaults to −4.0.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        multi_label: Whether each of several outputs is a yes-or-no of its own, as with `"binary_crossentropy"`; a
            single output always is. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"symmetric_cross_entropy"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or one-hot or soft ones `(batch, K)`; for yes-or-no outputs
            zeros and ones, or shares between them, shaped like `y_pred`. Any axes may lie between the first and the
            last. A label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for yes-or-no outputs.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit or a label is no class.

    Reference:
        Wang et al. 2019, "Symmetric Cross Entropy for Robust Learning with Noisy Labels", section 3.

    Example:

    >>> loss = SymmetricCrossEntropy(alpha=0.1, beta=1.0)
    >>> round(float(loss([0], [[0.8, 0.1, 0.1]])), 4)  # 0.1 · −log 0.8 + 4 · 0.2
    0.8223
    """

    STRENGTH = "beta"
    RANGES = {  # noqa: RUF012
        "alpha": Interval(0, closed="left"),
        "beta": Interval(0, closed="left"),
        "log_clip": Interval(high=0, closed="neither"),
        "from_logits": FLAG,
        "multi_label": FLAG,
    }

    def __init__(
        self,
        alpha: float = 0.1,
        beta: StrengthLike = 1.0,
        log_clip: float = -4.0,
        from_logits: bool = False,
        multi_label: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "symmetric_cross_entropy",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        check_arguments({k: self.RANGES[k] for k in ("alpha", "log_clip")}, alpha=alpha, log_clip=log_clip)
        super().__init__(beta, from_logits, reduction, name, dtype, multi_label)
        self.alpha = alpha
        self.log_clip = log_clip

    @property
    def beta(self):
        """β as it was given: a number or a schedule."""
        return self.given

    def choices(self, classes, strength):
        plain = classes.cross_entropy(classes.labels)
        reverse = reverse_cross_entropy(classes.labels, classes.log_p, self.log_clip)
        return self.alpha * plain + like(strength, plain) * reverse

    def get_config(self):
        return {**super().get_config(), "alpha": self.alpha, "log_clip": self.log_clip}
