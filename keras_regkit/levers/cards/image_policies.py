"""Images that get ops by a published policy."""

from keras_regkit._core.checks import Interval
from keras_regkit.augmentation import image
from keras_regkit.levers.cards._images import SHARE, colours
from keras_regkit.levers.lever import Lever

RAND_AUGMENT = Lever(
    name="rand_augment",
    title="RandAugment",
    family="augmentation",
    strength="m: the strength of two random ops, 0 to 10",
    bounds=Interval(0, 10),
    strengths=(5, 9),
    equation="two of 14 ops for each image, all of strength m",
    use_when="photographs are classified and one number shall be tuned",
    trade_off="strong ones want longer training; some ops change the label of digits and medical images",
    interactions=(
        ("mix_up_cut_mix", "the usual company in long recipes"),
        ("trivial_augment", "has nothing to tune: one of the two"),
    ),
    source="Cubuk et al. 2020, RandAugment, section 3",
    rewrite=colours(lambda m, value_range: image.RandAugment(m=m, value_range=value_range)),
    usage="augmentation.image.RandAugment(n=2, m=9)",
)

TRIVIAL_AUGMENT = Lever(
    name="trivial_augment",
    title="TrivialAugment",
    family="augmentation",
    strength="probability: the share of images that are changed; published with 1",
    bounds=SHARE,
    strengths=(0.5, 1.0),
    equation="one of 14 ops for each image, of a strength that is drawn too",
    use_when="photographs are classified and nothing shall be tuned",
    trade_off="its widest ops are wide: half turns, nearly black images",
    interactions=(("rand_augment", "one of the two"),),
    source="Müller and Hutter 2021, TrivialAugment, algorithm 1",
    rewrite=colours(lambda share, value_range: image.TrivialAugment(probability=share, value_range=value_range)),
    usage="augmentation.image.TrivialAugment()",
)

AUTO_AUGMENT = Lever(
    name="auto_augment",
    title="AutoAugment",
    family="augmentation",
    strength="probability: the share of images that are changed; published with 1",
    bounds=SHARE,
    strengths=(0.5, 1.0),
    equation="one of 25 pairs of ops for each image, as found by a search",
    use_when="images are like those that a policy was found on: CIFAR-10, ImageNet, SVHN",
    trade_off="its strengths are fixed; others do as well without a search",
    interactions=(("rand_augment", "one of the two"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data",
    rewrite=colours(
        lambda share, value_range: image.AutoAugment("imagenet", probability=share, value_range=value_range)
    ),
    usage='augmentation.image.AutoAugment("cifar10")',
)

AUG_MIX = Lever(
    name="aug_mix",
    title="AugMix",
    family="augmentation",
    strength="severity: the largest strength of the ops, 1 to 10",
    bounds=Interval(1, 10),
    strengths=(3, 6),
    equation="x' = (1 − m) x + m Σ w_k chain_k(x), w ~ Dirichlet(1), m ~ Beta(1, 1)",
    use_when="images will be corrupted in ways that are not known, and probabilities shall be honest",
    trade_off="three chains take three times the time; at its lowest strength it still mixes",
    interactions=(("jsd_consistency", "the loss that it was made for, on three views of each image"),),
    source="Hendrycks et al. 2020, AugMix, algorithm 1",
    rewrite=colours(lambda severity, value_range: image.AugMix(severity, value_range=value_range)),
    usage="augmentation.image.AugMix(severity=3)",
)
