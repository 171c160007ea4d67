"""Penalties that act, and otherwise than they say."""

import keras
import numpy as np
from keras import ops

from keras_regkit._core.batch_norms import is_batch_norm
from keras_regkit._core.optimizers import spared_from_decay
from keras_regkit._core.prox import has_prox, without_strengths
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.strengths import ADAPTIVE, brief, learning_rate_of, strength_of
from keras_regkit.optimizers import Proximal
from keras_regkit.surgery.penalties import rank_of


@rule(
    "RK104",
    family="penalties",
    title="L2 and weight decay on the same weight",
    severity="warning",
    needs=("built", "compiled"),
)
def decayed_twice(case):
    """A weight has an L2 penalty, and the optimizer decays it too.

        w ← w − lr · (∇loss + 2 · l2 · w) − lr · decay · w   for plain SGD

    `AdamW` decays by 0.004 without being asked, every weight that trains.

    Why: The pull towards zero is the sum of both, and turning one of them to 0 does not switch it off: a search over
    either strength starts from the other.

    Do: Keep one of them. For adaptive optimizers keep the decay.

    Example: hidden/kernel: l2 0.01, as a decay under SGD 0.02, weight decay 0.004

    Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", proposition 1.
    """
    decay = getattr(case.optimizer, "weight_decay", None)
    if not decay:
        return
    for weight, l2 in _with_l2(case):
        if not _spared(case)(weight.variable):
            yield case.finding(
                where=weight.path,
                evidence={"l2": l2, "as a decay under SGD": 2 * l2, "weight decay": float(decay)},
                advice="Keep one of the two: weight_decay=0, or take the penalty off (keras_regkit.surgery.detach).",
            )


@rule(
    "RK105",
    family="penalties",
    title="L2 under an adaptive optimizer",
    severity="note",
    needs=("built", "compiled"),
)
def l2_under_adaptive_optimizer(case):
    """The gradient of an L2 penalty is divided by the size of the weight's gradients, as the rest of the gradient is.

    Why: Weights with large gradients are pulled less than those with small ones, so a strength does not mean what it
    means under SGD, and results found with SGD do not carry over. With Lion only the sign of the sum counts.

    Do: Use weight decay (`AdamW`, or `keras_regkit.optimizers.WeightDecayPolicyAdamW`), which pulls all weights alike;
    or keep L2 knowingly, and search its strength anew.

    Example: hidden/kernel: l2 0.01, optimizer Adam

    Source: Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", section 2.
    """
    optimizer = case.optimizer
    # A proximal step leaves the penalty out of the gradient. Where it decays too, another rule speaks.
    if not isinstance(optimizer, ADAPTIVE) or isinstance(optimizer, Proximal):
        return
    decays = bool(getattr(optimizer, "weight_decay", None))
    for weight, l2 in _with_l2(case):
        if not decays or _spared(case)(weight.variable):
            yield case.finding(
                where=weight.path,
                evidence={"l2": l2, "optimizer": type(optimizer).__name__},
                advice="Weight decay (AdamW) pulls all weights alike; L2 here pulls those with large gradients less.",
            )


@rule(
    "RK106",
    family="penalties",
    title="Weight decay on biases and norm scales",
    severity="note",
    needs=("built", "compiled"),
)
def decay_on_vectors(case):
    """The optimizer decays weights that are no kernels.

    Keras decays everything that trains unless told otherwise, `AdamW` by 0.004 by default.

    Why: A decayed bias or scale costs fit and saves no capacity; the scale of a normalization that is pulled to 0 turns
    its block off. The usual recipes exempt both.

    Do: `optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])` before the model is built or trained
    (it is lost when the model is saved), or `keras_regkit.optimizers.WeightDecayPolicyAdamW`, which keeps it.

    Example: optimizer: weight decay 0.004, biases 12, norm scales and shifts 8, first hidden/bias

    Source: Goyal et al. 2017, "Accurate, Large Minibatch SGD", section 5.3; He et al. 2019, "Bag of Tricks for Image
    Classification", section 3.1.
    """
    decay = getattr(case.optimizer, "weight_decay", None)
    if not decay:
        return
    trained = {id(variable) for variable in case.model.trainable_variables}
    vectors = [
        w for w in case.weights if id(w.variable) in trained and rank_of(w) < 2 and not _spared(case)(w.variable)
    ]
    if vectors:
        biases = sum("bias" in w.variable.name for w in vectors)
        yield case.finding(
            where="optimizer",
            evidence={
                "weight decay": float(decay),
                "biases": biases,
                "norm scales and shifts": len(vectors) - biases,
                "first": vectors[0].path,
            },
            advice="Exempt them: exclude_from_weight_decay(var_names=[...]) before the first step, or "
            "keras_regkit.optimizers.WeightDecayPolicyAdamW, which also survives saving.",
        )


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
    kernels = {id(w.layer): (w, l2) for w, l2 in _with_l2(case) if rank_of(w) > 1}
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


def _with_l2(case):
    """Returns `(weight, strength)` for the weights that train and have an L2 penalty."""
    trained = {id(variable) for variable in case.model.trainable_variables}
    pairs = [(w, strength_of(w.variable.regularizer, "l2")) for w in case.weights if id(w.variable) in trained]
    return [(weight, l2) for weight, l2 in pairs if l2 > 0]


def _spared(case):
    return case.keep("spared from decay", lambda: spared_from_decay(case.model))


def _seeks_zeros(regularizer):
    inner, _ = without_strengths(regularizer)
    if strength_of(inner, "l1") > 0:
        return True
    core = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)
    squares = type(inner).__name__ in ("L2SP", "WeightedL2")  # they pull towards other points
    return inner is not None and not isinstance(inner, core) and not squares and has_prox(inner)
