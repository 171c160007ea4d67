"""Images changed at random in training: by where pixels are, what colours they have, what is left of them."""

from keras_regkit._core.checks import Interval
from keras_regkit.augmentation import image
from keras_regkit.levers.image_inputs import behind_images
from keras_regkit.levers.lever import Lever

_SHARE = Interval(0, 1)
_BELOW_ONE = Interval(0, 1, closed="left")


def _plain(make):
    """A rewrite for a layer that needs nothing but its strength."""
    return behind_images(lambda strength, height, width: make(strength))


def _ranged(make, colours=False):
    """A rewrite for a layer that must know the range of the pixels."""

    def made(strength, height, width, value_range):
        return make(strength, value_range=value_range)

    return behind_images(made, ranged=True, colours=colours)


def _colours(make):
    return _ranged(make, colours=True)


def _around_half(strength):
    """The range of a factor that changes nothing at one half."""
    return (0.5 - strength / 2, 0.5 + strength / 2)


def _resized_crop(strength, height, width):
    if height is None or width is None:
        raise ValueError("The images must have a known size for random_resized_crop. Received: one that is not known")
    return image.RandomResizedCrop(height, width, scale=(1 - strength, 1.0))


RANDOM_FLIP = Lever(
    name="random_flip",
    title="Random flip",
    family="augmentation",
    strength="probability: the share of images that are considered, of which half are mirrored",
    bounds=_SHARE,
    strengths=(1.0,),
    equation="x ↦ W − 1 − x with probability 1/2",
    use_when="left and right mean the same, as in photographs of objects",
    trade_off="none, but for writing, digits, and whatever has a side",
    interactions=(("random_rotation", "both, and all that moves pixels, in a Compose: one resampling"),),
    source="Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1",
    rewrite=_plain(lambda strength: image.RandomFlip("horizontal", probability=strength)),
    usage='augmentation.image.RandomFlip("horizontal")',
)

RANDOM_ROTATION = Lever(
    name="random_rotation",
    title="Random rotation",
    family="augmentation",
    strength="factor: the largest angle to either side, as a fraction of a full turn",
    bounds=_SHARE,
    strengths=(0.02, 0.06),
    equation="p ↦ c + R(2π f)(p − c), f ~ U(−factor, factor)",
    use_when="cameras are held at an angle, or things have no upper side",
    trade_off="corners are filled with what was not there; a 6 turned round is a 9",
    interactions=(
        ("random_zoom", "in a Compose both are one resampling, and lose less detail than one after the other"),
        ("random_flip", "a flip costs nothing beside it"),
    ),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=_plain(image.RandomRotation),
    usage="augmentation.image.RandomRotation(0.05)",
)

RANDOM_ZOOM = Lever(
    name="random_zoom",
    title="Random zoom",
    family="augmentation",
    strength="factor: how much smaller or larger things get, as a share",
    bounds=_BELOW_ONE,
    strengths=(0.1, 0.3),
    equation="p ↦ c + (1 + f)(p − c), f ~ U(−factor, factor)",
    use_when="things are seen from near and far",
    trade_off="what matters may leave the image, or become too small to see",
    interactions=(("random_resized_crop", "zooms and shifts at once: one of the two"),),
    source="Shorten and Khoshgoftaar 2019, A survey on Image Data Augmentation for Deep Learning",
    rewrite=_plain(image.RandomZoom),
    usage="augmentation.image.RandomZoom(0.2)",
)

RANDOM_TRANSLATION = Lever(
    name="random_translation",
    title="Random translation",
    family="augmentation",
    strength="factor: the largest shift along each axis, as a share of the size",
    bounds=_SHARE,
    strengths=(0.05, 0.15),
    equation="p ↦ p − f · (W, H), f ~ U(−factor, factor) along each axis",
    use_when="things are not always in the middle, and the model does not pool over all places",
    trade_off="little for a model with global pooling, which forgets the place anyway",
    interactions=(("random_crop", "the same for images that are larger than the model wants: nothing is filled in"),),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=_plain(lambda strength: image.RandomTranslation(strength, strength)),
    usage="augmentation.image.RandomTranslation(0.1, 0.1)",
)

RANDOM_SHEAR = Lever(
    name="random_shear",
    title="Random shear",
    family="augmentation",
    strength="factor: the largest slant along each axis, as a tangent",
    bounds=_SHARE,
    strengths=(0.1, 0.3),
    equation="(x, y) ↦ (x + s₁ y, y + s₂ x), s ~ ± U(0, factor)",
    use_when="things are seen at a slant, as handwriting is",
    trade_off="shapes are no longer those of solid things",
    interactions=(("random_rotation", "in a Compose both are one resampling"),),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=_plain(lambda strength: image.RandomShear(strength, strength)),
    usage="augmentation.image.RandomShear(x_factor=0.2)",
)

RANDOM_PERSPECTIVE = Lever(
    name="random_perspective",
    title="Random perspective",
    family="augmentation",
    strength="scale: how far the corners move, by at most half of it, as a share of the size",
    bounds=_SHARE,
    strengths=(0.1, 0.3),
    equation="the homography that takes each corner to corner + (W, H) · U(−scale/2, scale/2)",
    use_when="flat things are seen from all sides: signs, pages, roads",
    trade_off="straight lines stay straight, but nothing else; what lies outside is filled",
    interactions=(("random_shear", "is the part of it that keeps lines parallel"),),
    source="Heckbert 1989, Fundamentals of Texture Mapping and Image Warping, section 2.2.3",
    rewrite=_plain(lambda strength: image.RandomPerspective(scale=strength)),
    usage="augmentation.image.RandomPerspective(scale=0.2)",
)

RANDOM_CROP = Lever(
    name="random_crop",
    title="Random crop",
    family="augmentation",
    strength="side of the window in pixels, smaller than the images",
    bounds=Interval(1, integer=True),
    strengths=(224,),
    equation="a window of the size that the model wants, at a random place; in the middle outside of training",
    use_when="images are stored larger than the model wants them",
    trade_off="things at the border are cut; the model sees them larger than in the whole image",
    interactions=(("random_translation", "the same for images that have the size already: the rest is filled in"),),
    source="Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1",
    usage="augmentation.image.RandomCrop(224, 224)",
)

RANDOM_RESIZED_CROP = Lever(
    name="random_resized_crop",
    title="Random resized crop",
    family="augmentation",
    strength="the largest share of the area that is cut away",
    bounds=_BELOW_ONE,
    strengths=(0.5, 0.92),
    equation="a window of area U(1 − strength, 1) · H W and aspect 3/4 to 4/3, made as large as the image",
    use_when="image classifiers are trained from scratch for long, as on ImageNet",
    trade_off="with little left, the label may be outside: less of it for small data sets and fine details",
    interactions=(
        ("random_zoom", "one of the two"),
        ("cut_mix", "both cut: with strong crops, little of two things is left"),
    ),
    source="Szegedy et al. 2015, Going Deeper with Convolutions, section 6",
    rewrite=behind_images(_resized_crop),
    usage="augmentation.image.RandomResizedCrop(224, 224, scale=(0.08, 1.0))",
)

RANDOM_AFFINE = Lever(
    name="random_affine",
    title="Random affine map",
    family="augmentation",
    strength="zoom, shift and slant by this share, turned by a quarter of it of a full turn",
    bounds=_BELOW_ONE,
    strengths=(0.05, 0.15),
    equation="p ↦ c + A (p − c) + t, A of a random rotation, zoom and shear",
    use_when="one number shall say how far images are moved at all",
    trade_off="all of it grows at once; single ops can be set apart",
    interactions=(
        ("random_rotation", "is part of it"),
        ("random_zoom", "is part of it"),
        ("random_translation", "is part of it"),
        ("random_shear", "is part of it"),
    ),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=_plain(lambda s: image.RandomAffine(s / 4, s, s, s)),
    usage="augmentation.image.RandomAffine(0.03, 0.1, 0.1, 0.1)",
)

RANDOM_BRIGHTNESS = Lever(
    name="random_brightness",
    title="Random brightness",
    family="augmentation",
    strength="factor: the largest amount to either side, as a share of the value range",
    bounds=_SHARE,
    strengths=(0.1, 0.3),
    equation="c ↦ c + f · (high − low), f ~ U(−factor, factor)",
    use_when="the light of new images will differ",
    trade_off="too much of it clips what is light or dark",
    interactions=(("random_contrast", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=_colours(image.RandomBrightness),
    usage="augmentation.image.RandomBrightness(0.2)",
)

RANDOM_CONTRAST = Lever(
    name="random_contrast",
    title="Random contrast",
    family="augmentation",
    strength="factor: by how much the distance from the mean colour shrinks or grows, as a share",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ c̄ + f · (c − c̄), f ~ U(1 − factor, 1 + factor)",
    use_when="light and cameras of new images will differ",
    trade_off="faint things may vanish",
    interactions=(("random_brightness", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=_colours(image.RandomContrast),
    usage="augmentation.image.RandomContrast(0.3)",
)

RANDOM_SATURATION = Lever(
    name="random_saturation",
    title="Random saturation",
    family="augmentation",
    strength="how far the factor goes from its middle to either side: 1 is from grey to as strong as can be",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ g + s · (c − g), s = f / (1 − f), f ~ U(½ − strength/2, ½ + strength/2)",
    use_when="cameras and light will differ, and colour says little of what a thing is",
    trade_off="a lemon is no longer a lime by its colour",
    interactions=(("random_hue", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=_colours(lambda s, value_range: image.RandomSaturation(_around_half(s), value_range=value_range)),
    usage="augmentation.image.RandomSaturation((0.3, 0.7))",
)

RANDOM_HUE = Lever(
    name="random_hue",
    title="Random hue",
    family="augmentation",
    strength="factor: the largest turn of colours to either side, 1 for half a circle",
    bounds=_SHARE,
    strengths=(0.05, 0.2),
    equation="(I, Q) turned by ± π f in YIQ, f ~ U(0, factor)",
    use_when="the colour of a thing says little of what it is",
    trade_off="faces turn green; of no use where colour tells the class",
    interactions=(("random_saturation", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=_colours(image.RandomHue),
    usage="augmentation.image.RandomHue(0.1)",
)

RANDOM_GRAYSCALE = Lever(
    name="random_grayscale",
    title="Random grayscale",
    family="augmentation",
    strength="factor: the share of images that lose their colours",
    bounds=_SHARE,
    strengths=(0.1, 0.3),
    equation="c ↦ 0.299 R + 0.587 G + 0.114 B with probability factor",
    use_when="shapes shall count, and new images may be grey",
    trade_off="of no use where colour tells the class",
    interactions=(("random_saturation", "goes part of the way, for all images"),),
    source="Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations, appendix A",
    rewrite=_colours(image.RandomGrayscale),
    usage="augmentation.image.RandomGrayscale(0.2)",
)

COLOR_JITTER = Lever(
    name="color_jitter",
    title="Color jitter",
    family="augmentation",
    strength="factor of brightness and contrast, half of it for saturation, a quarter for hue",
    bounds=_SHARE,
    strengths=(0.2, 0.4),
    equation="c ↦ hue(saturation(contrast(brightness(c)))), one linear map",
    use_when="one number shall say how far colours are changed at all",
    trade_off="all of it grows at once; single ops can be set apart",
    interactions=(
        ("random_brightness", "is part of it"),
        ("random_contrast", "is part of it"),
        ("random_saturation", "is part of it"),
        ("random_hue", "is part of it"),
    ),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=_colours(
        lambda s, value_range: image.ColorJitter(s, s, _around_half(s / 2), s / 4, value_range=value_range)
    ),
    usage="augmentation.image.ColorJitter(0.2, 0.2, (0.4, 0.6), 0.05)",
)

CHANNEL_MIX = Lever(
    name="channel_mix",
    title="Channel mix",
    family="augmentation",
    strength="factor: the largest share of each channel that comes from random weights of all three",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ (1 − f) c + f W c, rows of W uniform on the simplex, f ~ U(0, factor)",
    use_when="colours shall change in more ways than hue, and nothing shall clip",
    trade_off="colours only get paler, on the whole",
    interactions=(("random_hue", "turns colours all alike; both can be used"),),
    source="no paper; compare Krizhevsky et al. 2012, section 4.1, where colours move along their principal axes",
    rewrite=_colours(image.ChannelMix),
    usage="augmentation.image.ChannelMix(0.3)",
)

RANDOM_SHARPNESS = Lever(
    name="random_sharpness",
    title="Random sharpness",
    family="augmentation",
    strength="how far the factor goes from its middle to either side: 1 is from smooth to sharp",
    bounds=_SHARE,
    strengths=(0.3, 0.8),
    equation="c ↦ c + (1 − 2f)(smooth(c) − c), f ~ U(½ − strength/2, ½ + strength/2)",
    use_when="the focus of new images will differ",
    trade_off="a pass of its own over the pixels",
    interactions=(("random_gaussian_blur", "softens further; never sharpens"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=_ranged(lambda s, value_range: image.RandomSharpness(_around_half(s), value_range=value_range)),
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
    rewrite=_ranged(
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
    rewrite=_ranged(lambda bits, value_range: image.RandomPosterize((8 - bits, 8), value_range=value_range)),
    usage="augmentation.image.RandomPosterize((4, 8))",
)

RANDOM_SOLARIZE = Lever(
    name="random_solarize",
    title="Random solarize",
    family="augmentation",
    strength="how far the threshold may lie below white, as a share of the value range",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ low + high − c where c ≥ t, t ~ U(1 − strength, 1)",
    use_when="shapes shall count more than light",
    trade_off="a harsh change; mostly of use within policies",
    interactions=(("rand_augment", "has it among its ops"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=_ranged(lambda s, value_range: image.RandomSolarize(threshold_factor=(1 - s, 1), value_range=value_range)),
    usage="augmentation.image.RandomSolarize(threshold_factor=(0.5, 1))",
)

EQUALIZE = Lever(
    name="equalize",
    title="Equalize",
    family="augmentation",
    strength="probability: the share of images that are changed",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="levels spread so that all are used as evenly as can be, channel by channel",
    use_when="the light of images differs, and the model shall see both",
    trade_off="noise in dark images becomes plain; a histogram of each image takes time",
    interactions=(("auto_contrast", "stretches levels, and keeps their distances alike"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=_ranged(lambda share, value_range: image.Equalize(probability=share, value_range=value_range)),
    usage="augmentation.image.Equalize(probability=0.3)",
)

AUTO_CONTRAST = Lever(
    name="auto_contrast",
    title="Auto contrast",
    family="augmentation",
    strength="probability: the share of images that are changed",
    bounds=_SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ low + (high − low)(c − min c) / (max c − min c), channel by channel",
    use_when="the light of images differs, and the model shall see both",
    trade_off="one light pixel is enough to undo it",
    interactions=(("equalize", "goes further: all levels are used alike"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=_ranged(lambda share, value_range: image.AutoContrast(probability=share, value_range=value_range)),
    usage="augmentation.image.AutoContrast(probability=0.3)",
)

RANDOM_INVERT = Lever(
    name="random_invert",
    title="Random invert",
    family="augmentation",
    strength="probability: the share of images that become negatives",
    bounds=_SHARE,
    strengths=(0.1, 0.5),
    equation="c ↦ low + high − c",
    use_when="dark on light and light on dark mean the same, as in print, digits and some signs",
    trade_off="no photograph looks like that",
    interactions=(("random_solarize", "inverts what is light alone"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data, appendix",
    rewrite=_colours(lambda share, value_range: image.RandomInvert(probability=share, value_range=value_range)),
    usage="augmentation.image.RandomInvert(probability=0.2)",
)

RANDOM_ERASING = Lever(
    name="random_erasing",
    title="Random erasing",
    family="augmentation",
    strength="the largest erased area, as a share of the image, in half of the images",
    bounds=_SHARE,
    strengths=(0.2, 0.4),
    equation="a box of area U(0.02, strength) · H W and aspect 0.3 to 3.3, filled with noise",
    use_when="things are seen behind others, or a model looks at one part of them alone",
    trade_off="what tells the class may be what was erased",
    interactions=(
        ("cut_mix", "fills the box with another image instead: one of the two"),
        ("drop_block", "does the same to hidden layers"),
    ),
    source="Zhong et al. 2020, Random Erasing Data Augmentation, algorithm 1",
    rewrite=_ranged(lambda s, value_range: image.RandomErasing(scale=(min(0.02, s), s), value_range=value_range)),
    usage="augmentation.image.RandomErasing()",
)

GRID_MASK = Lever(
    name="grid_mask",
    title="Grid mask",
    family="augmentation",
    strength="the share of the image that is erased, in 80 % of the images",
    bounds=_SHARE,
    strengths=(0.16, 0.36),
    equation="erased where frac(y/d + δ) ≥ r and frac(x/d + δ) ≥ r, r = 1 − √strength",
    use_when="one box hides a thing or misses it: a grid hides some of everything",
    trade_off="hides small things wholly; the paper raises its probability over the training",
    interactions=(("random_erasing", "one of the two"),),
    source="Chen et al. 2020, GridMask Data Augmentation, section 3.2",
    rewrite=_ranged(lambda s, value_range: image.GridMask(ratio=1 - s**0.5, value_range=value_range)),
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
    rewrite=_ranged(image.Cutout),
    usage="augmentation.image.Cutout(8)",
)

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
    rewrite=_colours(lambda m, value_range: image.RandAugment(m=m, value_range=value_range)),
    usage="augmentation.image.RandAugment(n=2, m=9)",
)

TRIVIAL_AUGMENT = Lever(
    name="trivial_augment",
    title="TrivialAugment",
    family="augmentation",
    strength="probability: the share of images that are changed; published with 1",
    bounds=_SHARE,
    strengths=(0.5, 1.0),
    equation="one of 14 ops for each image, of a strength that is drawn too",
    use_when="photographs are classified and nothing shall be tuned",
    trade_off="its widest ops are wide: half turns, nearly black images",
    interactions=(("rand_augment", "one of the two"),),
    source="Müller and Hutter 2021, TrivialAugment, algorithm 1",
    rewrite=_colours(lambda share, value_range: image.TrivialAugment(probability=share, value_range=value_range)),
    usage="augmentation.image.TrivialAugment()",
)

AUTO_AUGMENT = Lever(
    name="auto_augment",
    title="AutoAugment",
    family="augmentation",
    strength="probability: the share of images that are changed; published with 1",
    bounds=_SHARE,
    strengths=(0.5, 1.0),
    equation="one of 25 pairs of ops for each image, as found by a search",
    use_when="images are like those that a policy was found on: CIFAR-10, ImageNet, SVHN",
    trade_off="its strengths are fixed; others do as well without a search",
    interactions=(("rand_augment", "one of the two"),),
    source="Cubuk et al. 2019, AutoAugment: Learning Augmentation Strategies from Data",
    rewrite=_colours(
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
    rewrite=_colours(lambda severity, value_range: image.AugMix(severity, value_range=value_range)),
    usage="augmentation.image.AugMix(severity=3)",
)
