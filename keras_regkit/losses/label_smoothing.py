"""Label smoothing for integer, one-hot, soft and binary labels."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._labels import Classes, is_sparse


def smooth_labels(labels, smoothing, convention="uniform"):
    """Moves a share of each row's mass from its class to the others.

    With K classes and s = `smoothing`:

        "uniform":  y' = (1 − s)·y + s / K                  (the true class keeps 1 − s + s/K)
        "others":   y' = (1 − s)·y + s·(1 − y) / (K − 1)    (the true class keeps 1 − s)

    Args:
        labels: One-hot or soft labels, shape `(..., K)`.
        smoothing: Share of the mass to move, in [0, 1).
        convention: `"uniform"` or `"others"`.

    Returns:
        Tensor of the same shape; its rows sum to what they summed to before, if that was 1.
    """
    classes = labels.shape[-1]
    if convention == "uniform":
        return (1 - smoothing) * labels + smoothing / classes
    return (1 - smoothing) * labels + smoothing * (1 - labels) / (classes - 1)


@keras.saving.register_keras_serializable("keras_regkit")
class LabelSmoothing(keras.losses.Loss):
    """Cross-entropy against labels that are not quite certain.

    Use it when a classifier grows overconfident: the validation loss rises while the accuracy holds. Keras smooths
    one-hot and binary labels only; this works for integer labels too, and names the two conventions in use.

    The smoothing is part of `val_loss` too, which with a schedule moves by itself: monitor an accuracy, or a
    `callbacks.GapMonitor` with a plain `loss`.

    For K = 3 and smoothing 0.1, `"uniform"` spreads the mass over all classes (0.933, 0.033, 0.033), as Keras and
    PyTorch do; `"others"` gives the true class 0.9 and the rest 0.05 each.

    Args:
        loss: The loss to smooth: `"sparse_categorical_crossentropy"`, `"categorical_crossentropy"` or
            `"binary_crossentropy"`, by name or as a `keras.losses` object; its `from_logits` and `reduction` are kept.
        smoothing: Share of the label mass that is moved, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). 0 is the plain loss. On JAX a
            schedule needs `callbacks.StrengthMonitor` in `fit`. Defaults to 0.1.
        convention: `"uniform"` or `"others"`. Defaults to `"uniform"`.
        name: Name of the loss. Defaults to `"label_smoothing"`.
        dtype: Dtype of the loss's computations. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Integer labels `(batch,)` or `(batch, 1)` for the sparse loss; one-hot or soft labels `(batch, K)` for
            the categorical one; zeros and ones, or shares between them, shaped like `y_pred` for the binary one. A
            label out of range is refused where it can be seen; in a compiled step it makes the loss NaN.
        y_pred: Predictions, `(batch, K)`, or `(batch, outputs)` for the binary loss.

    Raises:
        ValueError: for a loss that has no classes to smooth over, or one that smooths already; when called, for labels
            of another kind than the loss takes or out of range, and for a single column of class probabilities.

    Reference:
        Szegedy et al. 2016, "Rethinking the Inception Architecture for Computer Vision", section 7.

    Example:

    >>> loss = LabelSmoothing("sparse_categorical_crossentropy", smoothing=0.1)
    >>> round(float(loss([0], [[0.8, 0.1, 0.1]])), 4)
    0.3618
    """

    RANGES = {  # noqa: RUF012
        "smoothing": Interval(0, 1, closed="left"),
        "convention": OneOf("uniform", "others"),
    }

    def __init__(
        self,
        loss: str | keras.losses.Loss = "sparse_categorical_crossentropy",
        smoothing: StrengthLike = 0.1,
        convention: str = "uniform",
        name: str = "label_smoothing",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        check_arguments({"convention": self.RANGES["convention"]}, convention=convention)
        inner, kind = _recognize(loss)
        super().__init__(name=name, reduction=inner.reduction, dtype=dtype)
        self.loss = inner
        self._smoothing = Strength("smoothing", smoothing, self.RANGES["smoothing"], self.name, held=False)
        self.convention = convention
        self._kind = kind
        self._from_logits = inner.get_config()["from_logits"]

    @property
    def smoothing(self):
        """The smoothing as it was given: a number or a schedule."""
        return self._smoothing.given

    def call(self, y_true, y_pred):
        y_true, y_pred = ops.convert_to_tensor(y_true), ops.convert_to_tensor(y_pred)
        if self._kind != "binary":
            _check_kind(self._kind, y_true, y_pred)
        classes = Classes(y_true, y_pred, self._from_logits, multi_label=self._kind == "binary")

        def smoothed(smoothing):
            # A yes or no is a choice between two classes: the mass that leaves one side arrives at the other.
            labels = smooth_labels(classes.labels, ops.cast(smoothing, classes.labels.dtype), self.convention)
            return classes.per_sample(classes.cross_entropy(labels))

        return self._smoothing.scale(smoothed)

    def get_config(self):
        config = super().get_config()
        config.pop("reduction", None)  # it belongs to the inner loss
        return {
            **config,
            "loss": keras.losses.serialize(self.loss),
            "smoothing": self._smoothing.config(),
            "convention": self.convention,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "loss": keras.losses.deserialize(config["loss"])})


_CLASSES = {
    "sparse_categorical_crossentropy": keras.losses.SparseCategoricalCrossentropy,
    "categorical_crossentropy": keras.losses.CategoricalCrossentropy,
    "binary_crossentropy": keras.losses.BinaryCrossentropy,
}
_FUNCTIONS = [getattr(keras.losses, name) for name in _CLASSES]  # a name stands for one of these
_KINDS = {
    keras.losses.SparseCategoricalCrossentropy: "sparse",
    keras.losses.CategoricalCrossentropy: "categorical",
    keras.losses.BinaryCrossentropy: "binary",
}


def _recognize(loss):
    """Returns the loss as a Keras object, and which labels it takes."""
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    found = _CLASSES[found.__name__]() if found in _FUNCTIONS else found
    if type(found) not in _KINDS:
        raise ValueError(
            f"`loss` must be one of {list(_CLASSES)} or a keras.losses object of that kind: only these "
            f"have label mass to smooth. Received: {loss!r}"
        )
    config = found.get_config()
    if config.get("label_smoothing"):
        raise ValueError(
            f"`loss` smooths its labels already (label_smoothing={config['label_smoothing']:g}). "
            "Set it to 0 there, or do without LabelSmoothing"
        )
    if config.get("ignore_class") is not None or config.get("axis", -1) != -1:
        raise ValueError(
            "`loss` must have axis=-1 and ignore_class=None. Received: "
            f"axis={config.get('axis')}, ignore_class={config.get('ignore_class')}"
        )
    return found, _KINDS[type(found)]


def _check_kind(kind, y_true, y_pred):
    """Raises if the predictions or the labels are of another kind than the loss was made for."""
    if y_pred.shape[-1] == 1:
        raise ValueError(
            "`y_pred` must have a column for each of at least 2 classes. Received: predictions of shape "
            f'{tuple(y_pred.shape)}. For one output per row use LabelSmoothing("binary_crossentropy", ...)'
        )
    sparse = is_sparse(y_true, y_pred)
    if sparse and kind == "categorical":
        raise ValueError(
            "`categorical_crossentropy` needs one-hot labels of the predictions' shape. "
            f"Received: labels of shape {tuple(y_true.shape)}, predictions of shape "
            f"{tuple(y_pred.shape)}. For integer labels use "
            'LabelSmoothing("sparse_categorical_crossentropy", ...)'
        )
    if not sparse and kind == "sparse":
        raise ValueError(
            "`sparse_categorical_crossentropy` needs integer labels of shape "
            f"{tuple(y_pred.shape[:-1])}. Received: shape {tuple(y_true.shape)}. One-hot labels go with "
            'LabelSmoothing("categorical_crossentropy", ...)'
        )
