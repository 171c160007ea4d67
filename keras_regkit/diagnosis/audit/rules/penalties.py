"""Penalties that do not act."""

import inspect

import keras

from keras_regkit._core.prox import without_strengths
from keras_regkit.diagnosis.audit import probes
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.strengths import brief, strength_of
from keras_regkit.surgery.penalties import attribute_of, same


@rule("RK101", family="penalties", title="A regularizer that does nothing", severity="error", needs=("built",))
def inert_regularizer(case):
    """A layer has a regularizer for a weight, and the weight has none, or another one.

    Keras hands the regularizer to the weight when the layer is built. One that is set later stays on the layer, shows
    in its config, and is never added to the loss.

    Why: The model trains without the penalty, and every config and summary says that it has one.

    Do: Put it on the weight with `keras_regkit.surgery.attach`, or set it before the layer is built.

    Example: hidden/kernel: kernel_regularizer of the layer L2(0.01), of the weight None

    Source: Keras 3, `Layer.add_weight`, which reads the regularizer once.
    """
    for weight in case.weights:
        attribute = attribute_of(weight)
        told = getattr(weight.layer, attribute, None) if attribute else None
        if told is not None and not same(weight.variable.regularizer, told):
            yield case.finding(
                where=weight.path,
                evidence={
                    f"{attribute} of the layer": brief(told),
                    "of the weight": brief(weight.variable.regularizer),
                },
                advice="Put it on the weight with keras_regkit.surgery.attach, or set it before the layer is built.",
            )


@rule("RK102", family="penalties", title="A penalty on frozen weights", severity="note", needs=("built",))
def penalty_on_frozen_weights(case):
    """Weights that do not train have a regularizer, which Keras then leaves out of the loss.

    Why: The loss jumps when the weights are frozen or unfrozen, so that curves of the two stages cannot be compared;
    and the penalty comes back, perhaps unexpectedly, when they are unfrozen for fine-tuning.

    Do: Compare `data_loss` of `callbacks.GapMonitor`, which has no penalties; or take the penalty off with
    `keras_regkit.surgery.detach`.

    Example: backbone/dense/kernel: regularizer L2(0.01), trainable False

    Source: Keras 3, `Layer.losses`: penalties of trainable weights only.
    """
    trained = {id(variable) for variable in case.model.trainable_variables}
    for weight in case.weights:
        if weight.variable.regularizer is not None and id(weight.variable) not in trained:
            yield case.finding(
                where=weight.path,
                evidence={"regularizer": brief(weight.variable.regularizer), "trainable": False},
                advice="It is not part of the loss while they are frozen: compare data losses (callbacks.GapMonitor), "
                "or take it off with keras_regkit.surgery.detach.",
            )


@rule(
    "RK103",
    family="penalties",
    title="Penalties that are not optimized",
    severity="error",
    needs=("built", "compiled"),
)
def penalty_not_optimized(case):
    """The loss that the model trains on lacks its penalties.

    A `compute_loss` or `train_step` of one's own must add `model.losses`; `Model.compute_loss` does so by itself. With
    training data the loss of one batch is computed with and without the regularizers, and must differ by their sum. A
    `train_step` that mentions neither `compute_loss`, `losses` nor `super` is told by its source.

    Why: Every regularizer in the model is without effect.

    Do: Call `self.compute_loss(x, y, y_pred, sample_weight)` in the step, or add `sum(self.losses)`.

    Example: Custom.compute_loss: penalty 0.42, part of it in the loss 0

    Source: Keras 3, `Trainer.compute_loss`.
    """
    penalized = [w for w in case.weights if w.variable.regularizer is not None and w.variable.trainable]
    if not penalized:
        return
    name = type(case.model).__name__
    step = type(case.model).train_step
    advice = "Add sum(self.losses) to the loss, or let self.compute_loss of keras.Model do it."
    own = not step.__module__.startswith(("keras.", "keras_regkit."))
    if own and not any(word in _source(step) for word in ("compute_loss", "losses", "super()")):
        yield case.finding(
            where=f"{name}.train_step",
            evidence={"penalized weights": len(penalized), "mentions of compute_loss or losses": 0},
            advice=advice,
        )
        return
    if probes.largest_difference(case.predictions.inference, case.predictions.again) > 1e-6:
        raise CannotRun("the model draws random numbers outside training, by which two losses differ (see RK305)")
    penalty, counted, scale = probes.penalty_in_loss(case.model, case.batch, [w.variable for w in penalized])
    # A difference of two losses is as exact as the larger of them.
    if abs(penalty - counted) > 1e-2 * abs(penalty) + 1e-6 * scale:
        yield case.finding(
            where=f"{name}.compute_loss",
            evidence={"penalty": penalty, "part of it in the loss": counted},
            advice=advice,
        )


@rule(
    "RK110",
    family="penalties",
    title="Core's orthogonal penalty on a weight that is no matrix",
    severity="error",
    needs=("built",),
)
def orthogonal_of_wrong_rank(case):
    """`keras.regularizers.OrthogonalRegularizer` takes matrices only, and this weight has another rank.

    Why: The kernel of a convolution has rank 4. Building the model raises nothing; the first step of `fit`, or the
    first look at `model.losses`, does.

    Do: Use `keras_regkit.regularizers.Orthogonal`, which takes kernels of any rank.

    Example: conv/kernel: regularizer OrthogonalRegularizer, shape [3, 3, 8, 16]

    Source: Keras 3, `OrthogonalRegularizer.__call__`.
    """
    for weight in case.weights:
        inner, _ = without_strengths(weight.variable.regularizer)
        if isinstance(inner, keras.regularizers.OrthogonalRegularizer) and len(weight.variable.shape) != 2:
            yield case.finding(
                where=weight.path,
                evidence={"regularizer": brief(inner), "shape": tuple(weight.variable.shape)},
                advice="Use keras_regkit.regularizers.Orthogonal, which takes kernels of any rank.",
            )


@rule("RK112", family="penalties", title="A penalty of strength zero", severity="warning", needs=("built",))
def penalty_of_strength_zero(case):
    """A regularizer of Keras has no strength: `L1L2()` without arguments, or the string `"l1l2"`.

    Why: `kernel_regularizer="l1l2"` looks like a penalty and is none; `"l1"`, `"l2"` and `"l1_l2"` are not like it: the
    first two stand for 0.01, the third is not known.

    Do: Give the strengths: `keras.regularizers.L1L2(l1=1e-5, l2=1e-4)`.

    Example: hidden/kernel: regularizer L1L2, l1 0, l2 0

    Source: Keras 3, `L1L2.__init__`, whose defaults are 0.
    """
    kinds = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    for weight in case.weights:
        inner, _ = without_strengths(weight.variable.regularizer)
        l1, l2 = strength_of(inner, "l1"), strength_of(inner, "l2")
        if isinstance(inner, kinds) and l1 == l2 == 0:
            yield case.finding(
                where=weight.path,
                evidence={"regularizer": brief(inner), "l1": l1, "l2": l2},
                advice="Give the strengths, as in keras.regularizers.L1L2(l1=1e-5, l2=1e-4).",
            )


def _source(function):
    try:
        return inspect.getsource(function)
    except (OSError, TypeError):
        return "losses"  # typed into a console: nothing is known, so nothing is said
