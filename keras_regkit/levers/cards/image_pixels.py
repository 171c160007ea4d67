"""Images that are filtered, or of which parts are taken away, at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.augmentation import image
from keras_regkit.levers.cards._images import SHARE, around_half, colours, ranged
from keras_regkit.levers.lever import Lever

RANDOM_SHARPNESS = Lever(
    name="random_sharpness",
    title="Random sharpness",
    family="augmentation",
    strength="how far the factor goes from its middle to either side: 1 is from smooth to sharp",
    bounds=SHARE,
    strengths=(0.3, 0.8),
    equation="c ↦ c + (1 − 2f)(smooth(c) − c), f ~ U(½ − strength/2, ½ + strength/2)",
    use_when="the focus of new images will differ",
    trade_off="a pass of its own over the pixels",
    interactions=(("random_gaussian_blur", "softens further; never sharpens"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=ranged(lambda s, value_range: image.RandomSharpness(around_half(s), value_range=value_range)),
    usage="augmentation.image.RandomSharpness((0.2, 0.8))",
)

RANDOM_GAUSSIAN_BLUR = Lever(
    name="random_gaussian_blur",
    title="Random Gaussian blur",
    family="augmentation",
    strength="sigma: the largest standard deviation in pixels",
    bounds=Interval(0, 100),
    strengths=(0.5, 1.5),
    equation="convolution with a Gaussian of σ ~ U(0, sigma) pixels",
    use_when="the focus of new images will differ, or a model lives on fine textures",
    trade_off="fine details that tell classes apart are lost",
    interactions=(("random_sharpness", "does less, to either side"),),
    source="Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations, appendix A",
    rewrite=ranged(
        lambda s, value_range: image.RandomGaussianBlur(
            2 * max(1, round(3 * min(s, 4))) + 1, s, value_range=value_range
        )
    ),
    usage="augmentation.image.RandomGaussianBlur(kernel_size=5, sigma=1.0)",
)

RANDOM_POSTERIZE = Lever(
    name="random_posterize",
    title="Random posterize",
    family="augmentation",
    strength="the largest number of the 8 bits that are lost; 0 changes nothing",
    bounds=Interval(0, 7, integer=True),
    strengths=(2, 4),
    equation="level ↦ ⌊level / 2^k⌋ · 2^k, k uniform in 0 ... strength",
    use_when="a model lives on faint differences of colour",
    trade_off="bands in what was smooth; mostly of use within policies",
    interactions=(("rand_augment", "has it among its ops"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=ranged(lambda bits, value_range: image.RandomPosterize((8 - bits, 8), value_range=value_range)),
    usage="augmentation.image.RandomPosterize((4, 8))",
)

RANDOM_SOLARIZE = Lever(
    name="random_solarize",
    title="Random solarize",
    family="augmentation",
    strength="how far the threshold may lie below white, as a share of the value range",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ low + high − c where c ≥ t, t ~ U(1 − strength, 1)",
    use_when="shapes shall count more than light",
    trade_off="a harsh change; mostly of use within policies",
    interactions=(("rand_augment", "has it among its ops"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=ranged(lambda s, value_range: image.RandomSolarize(threshold_factor=(1 - s, 1), value_range=value_range)),
    usage="augmentation.image.RandomSolarize(threshold_factor=(0.5, 1))",
)

EQUALIZE = Lever(
    name="equalize",
    title="Equalize",
    family="augmentation",
    strength="probability: the share of images that are changed",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="levels spread so that all are used as evenly as can be, channel by channel",
    use_when="the light of images differs, and the model shall see both",
    trade_off="noise in dark images becomes plain; a histogram of each image takes time",
    interactions=(("auto_contrast", "stretches levels, and keeps their distances alike"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=ranged(lambda share, value_range: image.Equalize(probability=share, value_range=value_range)),
    usage="augmentation.image.Equalize(probability=0.3)",
)

AUTO_CONTRAST = Lever(
    name="auto_contrast",
    title="Auto contrast",
    family="augmentation",
    strength="probability: the share of images that are changed",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ low + (high − low)(c − min c) / (max c − min c), channel by channel",
    use_when="the light of images differs, and the model shall see both",
    trade_off="one light pixel is enough to undo it",
    interactions=(("equalize", "goes further: all levels are used alike"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=ranged(lambda share, value_range: image.AutoContrast(probability=share, value_range=value_range)),
    usage="augmentation.image.AutoContrast(probability=0.3)",
)

RANDOM_INVERT = Lever(
    name="random_invert",
    title="Random invert",
    family="augmentation",
    strength="probability: the share of images that become negatives",
    bounds=SHARE,
    strengths=(0.1, 0.5),
    equation="c ↦ low + high − c",
    use_when="dark on light and light on dark mean the same, as in print, digits and some signs",
    trade_off="no photograph looks like that",
    interactions=(("random_solarize", "inverts what is light alone"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=colours(lambda share, value_range: image.RandomInvert(probability=share, value_range=value_range)),
    usage="augmentation.image.RandomInvert(probability=0.2)",
)

RANDOM_ERASING = Lever(
    name="random_erasing",
    title="Random erasing",
    family="augmentation",
    strength="the largest erased area, as a share of the image, in half of the images",
    bounds=SHARE,
    strengths=(0.2, 0.4),
    equation="a box of area U(0.02, strength) · H W and aspect 0.3 to 3.3, filled with noise",
    use_when="things are seen behind others, or a model looks at one part of them alone",
    trade_off="what tells the class may be what was erased",
    interactions=(
        ("cut_mix", "fills the box with another image instead: one of the two"),
        ("drop_block", "does the same to hidden layers"),
    ),
    source="Zhong et al. 2020, Random Erasing Data Augmentation, algorithm 1",
    rewrite=ranged(lambda s, value_range: image.RandomErasing(scale=(min(0.02, s), s), value_range=value_range)),
    usage="augmentation.image.RandomErasing()",
)

GRID_MASK = Lever(
    name="grid_mask",
    title="Grid mask",
    family="augmentation",
    strength="the share of the image that is erased, in 80 % of the images",
    bounds=SHARE,
    strengths=(0.16, 0.36),
    equation="erased where frac(y/d + δ) ≥ r and frac(x/d + δ) ≥ r, r = 1 − √strength",
    use_when="one box hides a thing or misses it: a grid hides some of everything",
    trade_off="hides small things wholly; the paper raises its probability over the training",
    interactions=(("random_erasing", "one of the two"),),
    source="Chen et al. 2020, GridMask Data Augmentation, section 3.2",
    rewrite=ranged(lambda s, value_range: image.GridMask(ratio=1 - s**0.5, value_range=value_range)),
    usage="augmentation.image.GridMask(ratio=0.6)",
)

CUTOUT = Lever(
    name="cutout",
    title="Cutout",
    family="augmentation",
    strength="side of the square in pixels",
    bounds=Interval(0, closed="left", integer=True),
    strengths=(4, 8),
    equation="a square of s × s pixels around a random one becomes 0, as far as it lies within",
    use_when="a model looks at one part of things alone, above all in small images",
    trade_off="its side must be chosen for the size of the images",
    interactions=(("random_erasing", "draws area and aspect too: one of the two"),),
    source="DeVries and Taylor 2017, Improved Regularization of Convolutional Neural Networks with Cutout, section 3",
    rewrite=ranged(image.Cutout),
    usage="augmentation.image.Cutout(8)",
)
