"""Learning rates that fall from the last layer to the first."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._optimizers import set_mixin
from keras_regkit.levers.lever import Lever
from keras_regkit.optimizers import LearningRateMultipliers, layerwise_learning_rates


def _set(model, strength):
    if strength == 1:
        return set_mixin(model, LearningRateMultipliers, off=True)
    rates = layerwise_learning_rates(model, strength)
    return set_mixin(model, LearningRateMultipliers, multipliers=rates)


LAYERWISE_LEARNING_RATES = Lever(
    name="layerwise_learning_rates",
    title="Layer-wise learning rates",
    family="fine-tuning",
    strength="the ratio of the rates of two neighbouring layers; a lower one holds the first layers tighter, 1 is none",
    bounds=Interval(0, 1, closed="right"),
    strengths=(0.9, 0.5),
    equation="lr_l = lr · decay^(L − l) for layer l = 1 ... L",
    use_when="a pretrained model is fine-tuned: early layers hold what is general",
    trade_off="in deep models the first layers hardly learn: count blocks of layers then",
    interactions=(
        ("freeze", "the same with a rate of 0; layers that are frozen must be left out of the rates"),
        ("weight_decay", "is scaled alike"),
    ),
    source="Howard & Ruder 2018, Universal Language Model Fine-tuning for Text Classification, section 3.2",
    rewrite=_set,
    usage=(
        "optimizers.LearningRateMultipliersAdamW(1e-4, multipliers=optimizers.layerwise_learning_rates(model, 0.8))"
    ),
)
