"""Penalties that act, and otherwise than they say."""

import keras
import numpy as np
from keras import ops

from keras_regkit._core.batch_norms import is_batch_norm
from keras_regkit._core.prox import has_prox, without_strengths
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.strengths import brief, learning_rate_of, strength_of, weights_with_l2
from keras_regkit.optimizers import Proximal
from keras_regkit.surgery.penalties import rank_of


@rule(
    "RK107",
    family="penalties",
    title="The penalty outweighs the data loss",
    severity="warning",
    needs=("built", "compiled", "train"),
)
def penalty_dominates(case):
    """On one batch of the training data the penalties are larger than the loss of the data.

    Why: Most of each step goes into shrinking weights, and `loss` is a curve of the penalty: it falls while the model
    learns nothing. From ten times on this is a warning, from one time on a note, since the loss of a model that fits
    its training data well is small by right.

    Do: Lower the strength by about the ratio, and watch `data_loss` of `callbacks.GapMonitor`.

    Example: model.losses: data loss 0.69, penalty 34.1, ratio 49.4

    Source: Goodfellow, Bengio & Courville 2016, "Deep Learning", section 7.1.
    """
    data_loss, penalty, _ = case.batch_loss
    if np.isfinite(penalty) and penalty > max(data_loss, 0.0) and penalty > 1e-6:
        ratio = penalty / data_loss if data_loss > 0 else float("inf")
        yield case.finding(
            where="model.losses",
            evidence={"data loss": data_loss, "penalty": penalty, "ratio": ratio},
            advice="Lower the strength by about the ratio, and watch data_loss of callbacks.GapMonitor.",
            severity="warning" if ratio >= 10 else "note",
        )


@rule(
    "RK108",
    family="penalties",
    title="L2 on a kernel whose scale batch normalization takes out",
    severity="note",
    needs=("built",),
)
def l2_before_batch_norm(case):
    """A kernel with an L2 penalty feeds batch normalization directly, so its size changes no output.

        BN(c · W x) = BN(W x)   for every c > 0,   effective learning rate = lr / ‖W‖²

    Why: The penalty does not limit what the layer can express. It makes the kernel small, and so the steps relative to
    it large: what it sets is the learning rate. That can be wanted, and is not what an L2 penalty is thought to do.

    Do: Tune it together with the learning rate, or put the penalty on layers that no normalization follows.

    Example: conv/kernel: l2 0.0001, norm of the kernel 5.6, effective learning rate 0.0032

    Source: van Laarhoven 2017, "L2 Regularization versus Batch and Weight Normalization", section 3; Zhang et al. 2019,
    "Three Mechanisms of Weight Decay Regularization".
    """
    kernels = {id(w.layer): (w, l2) for w, l2 in weights_with_l2(case) if rank_of(w) > 1}
    if not kernels:
        return
    rate = learning_rate_of(case.optimizer) if case.compiled else None
    for call in case.wiring:
        if id(call.layer) not in kernels or getattr(call.layer, "activation", None) not in (
            None,
            keras.activations.linear,
        ):
            continue
        if call.after and all(after.layer is not None and is_batch_norm(after.layer) for after in call.after):
            weight, l2 = kernels.pop(id(call.layer))
            size = float(np.sqrt(np.sum(np.square(ops.convert_to_numpy(weight.variable)))))
            effective = {} if rate is None or size == 0 else {"effective learning rate": rate / size**2}
            yield case.finding(
                where=weight.path,
                evidence={"l2": l2, "norm of the kernel": size, **effective},
                advice="It sets the effective learning rate, not the capacity: tune the two together, or penalize "
                "layers that no normalization follows.",
            )


@rule(
    "RK109",
    family="penalties",
    title="L1 that will not give zeros",
    severity="note",
    needs=("built", "compiled"),
)
def l1_without_proximal_step(case):
    """A penalty that is meant to bring weights to zero, with an optimizer that follows its gradient.

    Why: Gradient steps jump over zero and back. Weights come near it and none is exactly zero: of 320 weights under L1
    and Adam, 0 after 100 epochs. After training this is a warning if no weight is zero.

    Do: Use a proximal optimizer (`keras_regkit.optimizers.ProximalAdam` and its siblings), or take what is small for
    zero, knowing that the threshold is yours.

    Example: hidden/kernel: regularizer L1(0.01), weights 320, exactly zero 0, below 1e-3 112, steps taken 3,200

    Source: Parikh & Boyd 2014, "Proximal Algorithms", section 4.2; Langford, Li & Zhang 2009, "Sparse Online Learning
    via Truncated Gradient", section 2.
    """
    if isinstance(case.optimizer, Proximal):
        return
    steps = int(ops.convert_to_numpy(case.optimizer.iterations))
    for weight in case.weights:
        regularizer = weight.variable.regularizer
        if not _seeks_zeros(regularizer) or not weight.variable.trainable:
            continue
        values = np.abs(ops.convert_to_numpy(weight.variable))
        zeros = int(np.sum(values == 0))
        yield case.finding(
            where=weight.path,
            evidence={
                "regularizer": brief(regularizer),
                "weights": int(values.size),
                "exactly zero": zeros,
                "below 1e-3": int(np.sum(values < 1e-3)),
                "steps taken": steps,
            },
            advice="For exact zeros use a proximal optimizer, such as keras_regkit.optimizers.ProximalAdam.",
            severity="warning" if steps and not zeros and weight.variable.name != "bias" else "note",
        )


@rule("RK111", family="penalties", title="L2 or L1 of 0.01, the default", severity="note", needs=("built",))
def default_strength(case):
    """The strength is exactly 0.01, which `kernel_regularizer="l2"` stands for.

    Why: The string gives no hint of its strength, and 0.01 is strong: typical values are 1e-5 to 1e-3. Under SGD it is
    a weight decay of 0.02.

    Do: Write the strength down, `keras.regularizers.L2(1e-4)`, and choose it by a study.

    Example: hidden/kernel: regularizer L2(0.01)

    Source: Keras 3, `keras.regularizers.L2`, default of `l2`.
    """
    for weight in case.weights:
        regularizer = weight.variable.regularizer
        if type(regularizer) in (keras.regularizers.L1, keras.regularizers.L2):
            name = type(regularizer).__name__.lower()
            if strength_of(regularizer, name) == 0.01:
                yield case.finding(
                    where=weight.path,
                    evidence={"regularizer": brief(regularizer)},
                    advice="If this comes from a string, write the strength down: keras.regularizers.L2(1e-4).",
                )


def _seeks_zeros(regularizer):
    inner, _ = without_strengths(regularizer)
    if strength_of(inner, "l1") > 0:
        return True
    core = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    squares = type(inner).__name__ in ("L2SP", "WeightedL2")  # they pull towards other points
    return inner is not None and not isinstance(inner, core) and not squares and has_prox(inner)
