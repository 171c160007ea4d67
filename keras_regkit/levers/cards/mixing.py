"""Samples mixed with others, and their labels alike."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

MIX_UP = Lever(
    name="mix_up",
    title="Mixup",
    family="augmentation",
    strength="α of the Beta distribution of the shares: small ones mix little",
    bounds=Interval(0, closed="neither"),
    strengths=(0.2, 0.8),
    equation="x ← λ x + (1 − λ) x′, y ← λ y + (1 − λ) y′, λ ~ Beta(α, α)",
    use_when="a classifier is too sure of itself between the classes, or has noisy labels; for inputs of any kind",
    trade_off="training metrics are of mixed samples, and low; it wants longer training",
    interactions=(
        ("label_smoothing", "both soften the labels: use less of each"),
        ("manifold_mix_up", "the same with hidden states, and needs no one-hot labels: one of the two"),
        ("cut_mix", "by turns, in MixUpCutMix"),
        ("r_drop", "compares passes of the same mixed samples: both can be used"),
    ),
    source="Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization, equation 1",
    usage="augmentation.pipeline(dataset, mix=augmentation.mixing.MixUp(0.2, num_classes=10))",
)

CUT_MIX = Lever(
    name="cut_mix",
    title="CutMix",
    family="augmentation",
    strength="α of the Beta distribution of the shares: 1 is boxes of all sizes alike",
    bounds=Interval(0, closed="neither"),
    strengths=(0.3, 1.0),
    equation="x ← M ⊙ x + (1 − M) ⊙ x′, y mixed by the area of the box, λ ~ Beta(α, α)",
    use_when="image classifiers look at one spot alone, and are trained for long",
    trade_off="what tells the class may be outside of the box, its label share goes by area all the same",
    interactions=(
        ("mix_up", "by turns, in MixUpCutMix"),
        ("random_erasing", "one of the two"),
        ("label_smoothing", "both soften the labels: use less of each"),
    ),
    source="Yun et al. 2019, CutMix: Regularization Strategy to Train Strong Classifiers, equations 1 and 2",
    usage="augmentation.pipeline(dataset, mix=augmentation.mixing.CutMix(1.0, num_classes=10))",
)

MIX_UP_CUT_MIX = Lever(
    name="mix_up_cut_mix",
    title="Mixup and CutMix by turns",
    family="augmentation",
    strength="the share of samples that are mixed at all, in either way",
    bounds=Interval(0, 1),
    strengths=(0.5, 1.0),
    equation="CutMix with probability ½, else mixup, for each sample",
    use_when="image classifiers are trained for very long, as vision transformers are",
    trade_off="too much for short trainings; stop it some epochs before the end",
    interactions=(
        ("mix_up", "is one of its turns"),
        ("cut_mix", "is one of its turns"),
        ("rand_augment", "the usual company in long recipes"),
    ),
    source="Touvron et al. 2021, Training data-efficient image transformers, table 9",
    usage="augmentation.pipeline(dataset, mix=augmentation.mixing.MixUpCutMix(num_classes=10), mix_until_epoch=90)",
)
