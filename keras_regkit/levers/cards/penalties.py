"""L1 and L2 penalties on the hidden kernels."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import replace

_CORE = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)


def _penalize(model, l1=None, l2=None):
    """Sets the strengths that are given on every hidden kernel; the others stay as they are."""

    def rule(layer):
        old_l1, old_l2 = _strengths(layer)
        penalty = _penalty(old_l1 if l1 is None else l1, old_l2 if l2 is None else l2)
        return edited(layer, kernel_regularizer=penalty)

    return replace(model, only(hidden_layers(model)), rule)


def _strengths(layer):
    """The (l1, l2) of the layer's kernel penalty, as it was written: Keras stores them rounded to float32."""
    penalty = layer.kernel_regularizer
    if penalty is None:
        return 0.0, 0.0
    if type(penalty) not in _CORE:
        raise ValueError(
            f"Layer {layer.name!r} has a kernel_regularizer of its own, {type(penalty).__name__}, which an L1 or L2 "
            "lever would overwrite. Take it off first, or leave this lever out"
        )
    config = penalty.get_config()
    return config.get("l1", 0.0), config.get("l2", 0.0)


def _penalty(l1, l2):
    if l1 and l2:
        return keras.regularizers.L1L2(l1, l2)
    if l1:
        return keras.regularizers.L1(l1)
    return keras.regularizers.L2(l2) if l2 else None


L2 = Lever(
    name="l2",
    title="L2 penalty",
    family="penalty",
    strength="λ, per unit of Σw², added to the loss",
    bounds=Interval(0),
    strengths=(1e-3, 1e-2),
    equation="loss + λ Σ w²",
    use_when="weights grow large and there are many of them: a light one on large layers is the first penalty to try",
    trade_off="too much of it underfits; with Adam it is rescaled per weight, which weight decay is not",
    interactions=(
        ("weight_decay", "the same pull twice: use one of them"),
        ("batch_norm", "under BatchNormalization a kernel's scale has no effect, so L2 acts as a higher learning rate"),
    ),
    source="Krogh & Hertz 1991, A Simple Weight Decay Can Improve Generalization, eq. 1",
    rewrite=lambda model, strength: _penalize(model, l2=strength),
    keywords=lambda strength, config: {"l2": strength},
)

L1 = Lever(
    name="l1",
    title="L1 penalty",
    family="penalty",
    strength="λ, per unit of Σ|w|, added to the loss",
    bounds=Interval(0),
    strengths=(1e-5, 1e-4),
    equation="loss + λ Σ |w|",
    use_when="many inputs carry nothing: it pushes their weights towards zero",
    trade_off="plain optimizers reach small weights, not exact zeros; correlated inputs are picked among at random",
    interactions=(("l2", "together they are the elastic net, which keeps groups of correlated inputs"),),
    source="Tibshirani 1996, Regression Shrinkage and Selection via the Lasso, eq. 1",
    rewrite=lambda model, strength: _penalize(model, l1=strength),
    keywords=lambda strength, config: {"l1": strength},
)

L1_L2 = Lever(
    name="l1_l2",
    title="L1 and L2 penalty (elastic net)",
    family="penalty",
    strength="λ of both parts",
    bounds=Interval(0),
    strengths=(1e-5, 1e-4),
    equation="loss + λ (Σ |w| + Σ w²)",
    use_when="many inputs, some of them useless and others correlated",
    trade_off="costs of both parts; one strength sets both",
    interactions=(("l1", "contained in it"), ("l2", "contained in it")),
    source="Zou & Hastie 2005, Regularization and Variable Selection via the Elastic Net, eq. 3",
    rewrite=lambda model, strength: _penalize(model, l1=strength, l2=strength),
    keywords=lambda strength, config: {"l1": strength, "l2": strength},
)
