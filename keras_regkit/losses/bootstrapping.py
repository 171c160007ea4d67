"""Bootstrapping: labels that are in part the model's own predictions."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like
from keras_regkit.losses.confidence_penalty import entropy


def own_cross_entropy(log_p, kind):
    """Returns the cross-entropy of predictions for themselves (`"soft"`) or for their largest class (`"hard"`).

    Args:
        log_p: Log-probabilities, shape `(..., K)`.
        kind: `"soft"`: −Σ_k p_k log p_k. `"hard"`: −log max_k p_k.
    """
    return entropy(log_p) if kind == "soft" else -ops.max(log_p, -1)


@keras.saving.register_keras_serializable("keras_regkit")
class Bootstrapping(ClassLoss):
    """Cross-entropy against labels that are mixed with what the model itself predicts.

    Use it when labels are noisy or incomplete: a model that has begun to learn may overrule a label. It needs a start
    that is not all wrong; a schedule that comes down from 1 to `beta` gives it one.

        L = −Σ_k [β y_k + (1 − β) z_k] log p_k,    z = p ("soft")  or  the largest class of p ("hard")

    `beta=1` is the plain cross-entropy. With `"soft"` the gradient goes through z too, so that it is
    β CE + (1 − β) H(p): a pull towards low entropy.

    Args:
        kind: `"soft"` or `"hard"`. Defaults to `"soft"`.
        beta: Share β of the given labels, in [0, 1]: a number, or a schedule over training steps (on JAX a schedule
            needs `callbacks.StrengthMonitor` in `fit`). The paper has 0.95 for soft and 0.8 for hard. Defaults to 0.95.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        multi_label: Whether each of several outputs is a yes-or-no of its own, as with `"binary_crossentropy"`; a
            single output always is. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"bootstrapping"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)`, or one-hot or soft ones `(batch, K)`; for yes-or-no outputs
            zeros and ones, or shares between them, shaped like `y_pred`. Any axes may lie between the first and the
            last. A label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for yes-or-no outputs.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit or a label is no class.

    Reference:
        Reed et al. 2015, "Training Deep Neural Networks on Noisy Labels with Bootstrapping", section 3.

    Example:

    >>> loss = Bootstrapping("hard", beta=0.8)
    >>> round(float(loss([1], [[0.75, 0.25]])), 4)  # −0.8 log 0.25 − 0.2 log 0.75
    1.1666
    """

    STRENGTH = "beta"
    RANGES = {  # noqa: RUF012
        "kind": OneOf("soft", "hard"),
        "beta": Interval(0, 1),
        "from_logits": FLAG,
        "multi_label": FLAG,
    }

    def __init__(
        self,
        kind: str = "soft",
        beta: StrengthLike = 0.95,
        from_logits: bool = False,
        multi_label: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "bootstrapping",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        check_arguments({"kind": self.RANGES["kind"]}, kind=kind)
        super().__init__(beta, from_logits, reduction, name, dtype, multi_label)
        self.kind = kind

    @property
    def beta(self):
        """β as it was given: a number or a schedule."""
        return self.given

    def choices(self, classes, strength):
        plain = classes.cross_entropy(classes.labels)
        share = like(strength, plain)
        return share * plain + (1 - share) * own_cross_entropy(classes.log_p, self.kind)

    def get_config(self):
        return {**super().get_config(), "kind": self.kind}
