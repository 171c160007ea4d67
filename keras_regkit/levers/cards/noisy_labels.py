"""Losses that hold out against wrong labels and overconfidence."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._losses import replacing
from keras_regkit.levers.lever import Lever
from keras_regkit.losses import (
    Bootstrapping,
    ConfidencePenalty,
    GeneralizedCrossEntropy,
    PolyLoss,
    SymmetricCrossEntropy,
)

_ONE_OF_THEM = ("label_smoothing", "each takes the place of the loss: use one of them")
_CLEAN_LOSS = ("early_stopping", "monitor an accuracy or a clean loss: this one is part of `val_loss`")

SYMMETRIC_CROSS_ENTROPY = Lever(
    name="symmetric_cross_entropy",
    title="Symmetric cross-entropy",
    family="targets",
    strength="weight β of the reverse cross-entropy, beside the plain one with weight 1",
    bounds=Interval(0, closed="left"),
    strengths=(0.1, 1.0),
    equation="L = CE + β RCE, RCE = −Σ_k p_k log y_k with log 0 = −4",
    use_when="labels are noisy, and some classes are harder to learn than others",
    trade_off="fits clean labels more slowly; classification only",
    interactions=(_ONE_OF_THEM, _CLEAN_LOSS),
    source="Wang et al. 2019, Symmetric Cross Entropy for Robust Learning with Noisy Labels, section 3",
    rewrite=replacing(
        "symmetric_cross_entropy", SymmetricCrossEntropy, lambda strength: {"alpha": 1.0, "beta": strength}
    ),
)

GENERALIZED_CROSS_ENTROPY = Lever(
    name="generalized_cross_entropy",
    title="Generalized cross-entropy",
    family="targets",
    strength="exponent q: 0 is the cross-entropy, 1 half the mean absolute error",
    bounds=Interval(0, 1),
    strengths=(0.3, 0.7),
    equation="L = (1 − p_y^q) / q",
    use_when="labels are noisy: a label that the model finds hopeless pulls less",
    trade_off="towards q = 1 learning is slow and can underfit with many classes",
    interactions=(_ONE_OF_THEM, _CLEAN_LOSS),
    source="Zhang and Sabuncu 2018, Generalized Cross Entropy Loss, section 3.2",
    rewrite=replacing("generalized_cross_entropy", GeneralizedCrossEntropy, lambda strength: {"q": strength}),
)

BOOTSTRAPPING = Lever(
    name="bootstrapping",
    title="Bootstrapping (soft)",
    family="targets",
    strength="share 1 − β of the label mass that the model's own predictions get",
    bounds=Interval(0, 1),
    strengths=(0.05, 0.2),
    equation="L = −Σ_k [(1 − s) y_k + s p_k] log p_k",
    use_when="labels are noisy or incomplete, and the model soon knows better",
    trade_off="makes predictions surer, right or wrong; too much of it early on confirms first guesses",
    interactions=(_ONE_OF_THEM, ("early_stopping", "the noise that is left is still learnt in the end: stop before")),
    source="Reed et al. 2015, Training Deep Neural Networks on Noisy Labels with Bootstrapping, section 3",
    rewrite=replacing("bootstrapping", Bootstrapping, lambda strength: {"kind": "soft", "beta": 1 - strength}),
)

CONFIDENCE_PENALTY = Lever(
    name="confidence_penalty",
    title="Confidence penalty",
    family="targets",
    strength="weight β of the predictions' entropy",
    bounds=Interval(0, closed="left"),
    strengths=(0.1, 0.3),
    equation="L = CE − β H(p), H(p) = −Σ_k p_k log p_k",
    use_when="a classifier grows overconfident, and some samples are less clear than others",
    trade_off="probabilities become less extreme than the data; the loss can be negative",
    interactions=(_ONE_OF_THEM, _CLEAN_LOSS),
    source="Pereyra et al. 2017, Regularizing Neural Networks by Penalizing Confident Output Distributions, section 3",
    rewrite=replacing("confidence_penalty", ConfidencePenalty, lambda strength: {"beta": strength}),
)

POLY_LOSS = Lever(
    name="poly_loss",
    title="Poly-1 loss",
    family="targets",
    strength="what is added to the first polynomial coefficient of the cross-entropy, ε",
    bounds=Interval(0, closed="left"),
    strengths=(1.0, 2.0),
    equation="L = CE + ε (1 − p_y)",
    use_when="one number more may be tuned on a classifier whose predictions are not sure enough",
    trade_off="raises confidence: calibrate afterwards",
    interactions=(_ONE_OF_THEM, ("temperature_scaling", "takes back the confidence that is too much")),
    source="Leng et al. 2022, PolyLoss, section 4",
    rewrite=replacing("poly_loss", PolyLoss, lambda strength: {"epsilon": strength}),
)

EARLY_LEARNING = Lever(
    name="early_learning",
    title="Early-learning regularization (ELR)",
    family="targets",
    strength="weight λ of the term that holds predictions near their running average",
    bounds=Interval(0, closed="left"),
    strengths=(3.0, 7.0),
    equation="L_i = CE_i + λ log(1 − ⟨p_i, t_i⟩), t_i ← β t_i + (1 − β) p_i",
    use_when="many labels are wrong, and the model learns the clean ones first",
    trade_off="one number of memory per sample and class; training labels must carry an index",
    interactions=(
        ("early_stopping", "both hold on to what was learnt before the noise; with this one training can go on"),
        _ONE_OF_THEM,
    ),
    source="Liu et al. 2020, Early-Learning Regularization Prevents Memorization of Noisy Labels, section 4",
    usage='model.compile("adam", losses.EarlyLearning(samples=len(x), classes=10))',
)

JSD_CONSISTENCY = Lever(
    name="jsd_consistency",
    title="Jensen-Shannon consistency (AugMix)",
    family="targets",
    strength="weight λ of the divergence between predictions for three views",
    bounds=Interval(0, closed="left"),
    strengths=(6.0, 12.0),
    equation="L = CE(p_0, y) + λ JS(p_0, p_1, p_2)",
    use_when="strong augmentation is at hand, and predictions must hold under changes of the input",
    trade_off="three rows per sample: three times the work of a step",
    interactions=(("dropout", "views differ by their masks too: a lower rate will do"), _CLEAN_LOSS),
    source="Hendrycks et al. 2020, AugMix, section 3",
    usage='model.compile("adam", losses.JSDConsistency(strength=12.0))',
)
