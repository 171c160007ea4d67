"""Early-learning regularization: hold on to what was predicted before the noise was learnt."""

import keras
from keras import ops

from keras_regkit._core.backend import is_traced, when_differentiated
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.tracking import adopt, all_layers
from keras_regkit._core.types import StrengthLike
from keras_regkit.losses._class_loss import FLAG, ClassLoss, like
from keras_regkit.losses._labels import Classes, checked
from keras_regkit.losses._memory import Memory
from keras_regkit.losses.index_labels import MOST_SAMPLES, split_index, warned_of_without_index

# As published: probabilities are kept off 0 and 1, so that the logarithm stays finite.
_OFF_THE_EDGE = 1e-4


def moved_targets(targets, p, momentum):
    """Returns the targets after one step: β t + (1 − β) p / Σ p, all of shape `(batch, K)`."""
    return momentum * targets + (1 - momentum) * p / ops.sum(p, -1, keepdims=True)


@keras.saving.register_keras_serializable("keras_regkit")
class EarlyLearning(ClassLoss):
    """Cross-entropy with a term that holds predictions near their own running average: ELR.

    Use it when labels are noisy: a network learns the clean labels first and the wrong ones later, and for each sample
    this remembers what was predicted before.

        L_i = CE_i + λ log(1 − ⟨p_i, t_i⟩),    t_i ← β t_i + (1 − β) p_i  in each training step

    with no gradient through t. `strength=0` is the plain cross-entropy.

    **How samples are known.** Training labels carry the sample's index in one more column, made by `index_labels`:

        loss = EarlyLearning(samples=len(x), classes=10)
        model.compile("adam", loss, metrics=["accuracy"])
        loss.attach(model)
        model.fit(x, index_labels(y, classes=10), validation_data=(x_val, keras.utils.to_categorical(y_val, 10)))

    Shuffling, datasets and sample weights are as ever. Labels without the column, for validation, get the plain
    cross-entropy and move nothing; a `NoEffectWarning` says when they are trained on. The targets move when
    a gradient is taken, so `evaluate` leaves them alone.

    Validation labels must be one-hot, as above, for `"accuracy"`: Keras chose its kind by the training labels, and
    would show a wrong number for integers.

    The memory is one float32 number per sample and class. `attach` makes it a weight of the model: on JAX this is
    necessary, and `fit` says so; elsewhere it is optional. A saved compiled model has the memory with it, attached or
    not; after loading, `model.loss.attach(model)` once more on JAX. It is not for training on several replicas, each of
    which would remember its own share.

    Args:
        samples: Number of training samples, the index of which the labels carry: 1 to 2²⁴.
        classes: Number of classes, at least 2.
        strength: Weight λ of the term, at least 0: a number, or a schedule over training steps (on JAX a schedule
            needs `callbacks.StrengthMonitor` in `fit`). The paper has 3 (CIFAR-10) and 7 (CIFAR-100). Defaults to 3.0.
        momentum: Share β of the old target that is kept in a step, in [0, 1). Defaults to 0.7.
        from_logits: Whether `y_pred` are logits. Defaults to False.
        reduction: As for every loss of Keras. Defaults to `"sum_over_batch_size"`.
        name: Name of the loss. Defaults to `"early_learning"`.
        dtype: Dtype of the loss; within, it computes in float32 at least. Defaults to `keras.config.floatx()`.

    Call arguments:
        y_true: Labels of `index_labels`, `(batch, classes + 1)`, or plain ones: one-hot or soft `(batch, classes)`, or
            integers. Validation labels must be one-hot where `"accuracy"` is shown; a `DataWarning` tells of integers.
        y_pred: Predictions `(batch, classes)`.

    Raises:
        ValueError, TypeError: an argument is out of range; when called, the shapes do not fit, or a label or an index
            is out of range (in a compiled step these make the loss NaN); in `fit` on JAX, the memory is not attached.

    Reference:
        Liu et al. 2020, "Early-Learning Regularization Prevents Memorization of Noisy Labels", section 4.

    Example:

    >>> from keras_regkit.losses import index_labels
    >>> loss = EarlyLearning(samples=8, classes=2, from_logits=True)
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    >>> model.compile("sgd", loss)
    >>> loss.attach(model)
    >>> x, y = np.ones((8, 3)), np.arange(8) % 2
    >>> history = model.fit(x, index_labels(y, classes=2), epochs=2, verbose=0)
    >>> np.round(loss.targets.sum(axis=1), 2)  # 1 − 0.7²
    array([0.51, 0.51, 0.51, 0.51, 0.51, 0.51, 0.51, 0.51], dtype=float32)
    """

    STRENGTH = "strength"
    RANGES = {  # noqa: RUF012
        "samples": Interval(1, MOST_SAMPLES, integer=True),
        "classes": Interval(2, closed="left", integer=True),
        "strength": Interval(0, closed="left"),
        "momentum": Interval(0, 1, closed="left"),
        "from_logits": FLAG,
    }

    def __init__(
        self,
        samples: int,
        classes: int,
        strength: StrengthLike = 3.0,
        momentum: float = 0.7,
        from_logits: bool = False,
        reduction: str | None = "sum_over_batch_size",
        name: str = "early_learning",
        dtype: str | keras.DTypePolicy | None = None,
    ):
        own = {k: self.RANGES[k] for k in ("samples", "classes", "momentum")}
        check_arguments(own, samples=samples, classes=classes, momentum=momentum)
        super().__init__(strength, from_logits, reduction, name, dtype)
        self.samples = samples
        self.classes = classes
        self.momentum = momentum
        self._memory = Memory(samples, classes, name=f"{name}_memory")

    @property
    def strength(self):
        """λ as it was given: a number or a schedule."""
        return self.given

    @property
    def targets(self):
        """The running averages t, as a NumPy array `(samples, classes)`."""
        return self._memory.read()

    def attach(self, model):
        """Makes the memory a weight of the last layer of `model`, so that compiled steps on JAX see it move.

        Call it after the model is built, before `fit`. Calling it again does nothing.

        Args:
            model: A built model that is trained with this loss.

        Raises:
            ValueError: the model is not built, or another loss has its memory there.
        """
        if not model.built:
            raise ValueError(f"The model must be built before a memory is attached. Received: {model.name!r}")
        if any(layer is self._memory for layer in all_layers(model)):
            return
        if any(isinstance(layer, Memory) for layer in all_layers(model)):
            raise ValueError(f"{model.name!r} holds the memory of another EarlyLearning loss already")
        host = [layer for layer in all_layers(model) if not isinstance(layer, keras.Model)][-1]
        adopt(host, "_early_learning_memory", self._memory)

    def call(self, y_true, y_pred):
        y_pred = ops.convert_to_tensor(y_pred)
        labels, index = split_index(ops.convert_to_tensor(y_true), y_pred, self)
        if y_pred.shape[-1] != self.classes:
            raise ValueError(
                f"`classes` is {self.classes}, so predictions must have as many columns. Received: shape "
                f"{tuple(y_pred.shape)}"
            )
        classes = Classes(labels, y_pred, self.from_logits)
        plain = classes.cross_entropy(classes.labels)
        if index is None:
            return warned_of_without_index(plain, self)
        known = index < self.samples
        plain = checked(plain, known, f"The index of a label must be below `samples`, which is {self.samples}. Rows")
        index = ops.cast(ops.where(known, index, 0), "int32")
        return self._hold(plain, classes.log_p, index)

    def _hold(self, plain, log_p, index):
        targets = self._memory.targets
        p = ops.clip(ops.exp(log_p), _OFF_THE_EDGE, 1 - _OFF_THE_EDGE)
        old = like(ops.take(targets.value, index, axis=0), p)
        new = ops.stop_gradient(moved_targets(old, p, self.momentum))
        apart = ops.log(1 - ops.sum(p * new, -1))
        loss = self.scale(lambda strength: plain + like(strength, plain) * apart)

        def remember():
            if is_traced(new) and not is_traced(targets.value):
                raise ValueError(
                    f"The memory of {self.name!r} is not among the weights of the model, so JAX would compile it in as "
                    "a constant. Call loss.attach(model) before fit"
                )
            rows = ops.expand_dims(index, -1)
            targets.assign(ops.scatter_update(targets.value, rows, ops.cast(new, targets.dtype)))

        return when_differentiated(loss, remember)

    def get_config(self):
        return {
            **super().get_config(),
            "samples": self.samples,
            "classes": self.classes,
            "momentum": self.momentum,
        }

    # Keras saves what the loss of a compiled model holds, and asks these two.
    def save_own_variables(self, store):
        store["targets"] = self.targets

    def load_own_variables(self, store):
        if "targets" in store:
            self._memory.targets.assign(store["targets"])
