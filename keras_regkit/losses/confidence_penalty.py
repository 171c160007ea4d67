"""The confidence penalty: predictions of low entropy cost."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like


def entropy(log_p):
    """Returns the entropy −Σ_k p_k log p_k in nats, of log-probabilities of shape `(..., K)`."""
    return -ops.sum(ops.exp(log_p) * log_p, -1)


@keras.saving.register_keras_serializable("keras_regkit")
class ConfidencePenalty(ClassLoss):
    """Cross-entropy minus a share of the predictions' entropy.

    Use it when a classifier grows overconfident. Where label smoothing pulls every prediction towards the same labels,
    this one lets the model choose where to be unsure.

        L = CE − β H(p),    H(p) = −Σ_k p_k log p_k

    `beta=0` is the plain cross-entropy. The loss can be negative.

    Args:
        beta: Weight β of the entropy, at least 0: a number, or a schedule over training steps (on JAX a schedule needs
            `callbacks.StrengthMonitor` in `fit`). Typical: 0.1 for images and text, up to 2. Defaults to 0.1.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        multi_label: Whether each of several outputs is a yes-or-no of its own, as with `"binary_crossentropy"`; a
            single output always is. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"confidence_penalty"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or one-hot or soft ones `(batch, K)`; for yes-or-no outputs
            zeros and ones, or shares between them, shaped like `y_pred`. Any axes may lie between the first and the
            last. A label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for yes-or-no outputs.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit or a label is no class.

    Reference:
        Pereyra et al. 2017, "Regularizing Neural Networks by Penalizing Confident Output Distributions", section 3.

    Example:

    >>> loss = ConfidencePenalty(beta=0.1)
    >>> round(float(loss([0], [[0.5, 0.5]])), 4)  # log 2 · (1 − 0.1)
    0.6238
    """

    STRENGTH = "beta"
    RANGES = {"beta": Interval(0, closed="left"), "from_logits": FLAG, "multi_label": FLAG}  # noqa: RUF012

    def __init__(
        self,
        beta: StrengthLike = 0.1,
        from_logits: bool = False,
        multi_label: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "confidence_penalty",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        super().__init__(beta, from_logits, reduction, name, dtype, multi_label)

    @property
    def beta(self):
        """β as it was given: a number or a schedule."""
        return self.given

    def choices(self, classes, strength):
        plain = classes.cross_entropy(classes.labels)
        return plain - like(strength, plain) * entropy(classes.log_p)
