"""L2 and weight decay: where they meet, and where neither belongs."""

from keras_regkit._core.optimizers import spared_from_decay
from keras_regkit.diagnosis.audit.rule import rule
from keras_regkit.diagnosis.audit.strengths import ADAPTIVE, weights_with_l2
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
    for weight, l2 in weights_with_l2(case):
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
    for weight, l2 in weights_with_l2(case):
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


def _spared(case):
    return case.keep("spared from decay", lambda: spared_from_decay(case.model))
