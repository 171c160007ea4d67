"""Images whose colours are mapped at random in training."""

from keras_regkit.augmentation import image
from keras_regkit.levers.cards._images import SHARE, around_half, colours
from keras_regkit.levers.lever import Lever

RANDOM_BRIGHTNESS = Lever(
    name="random_brightness",
    title="Random brightness",
    family="augmentation",
    strength="factor: the largest amount to either side, as a share of the value range",
    bounds=SHARE,
    strengths=(0.1, 0.3),
    equation="c ↦ c + f · (high − low), f ~ U(−factor, factor)",
    use_when="the light of new images will differ",
    trade_off="too much of it clips what is light or dark",
    interactions=(("random_contrast", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=colours(image.RandomBrightness),
    usage="augmentation.image.RandomBrightness(0.2)",
)

RANDOM_CONTRAST = Lever(
    name="random_contrast",
    title="Random contrast",
    family="augmentation",
    strength="factor: by how much the distance from the mean colour shrinks or grows, as a share",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ c̄ + f · (c − c̄), f ~ U(1 − factor, 1 + factor)",
    use_when="light and cameras of new images will differ",
    trade_off="faint things may vanish",
    interactions=(("random_brightness", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=colours(image.RandomContrast),
    usage="augmentation.image.RandomContrast(0.3)",
)

RANDOM_SATURATION = Lever(
    name="random_saturation",
    title="Random saturation",
    family="augmentation",
    strength="how far the factor goes from its middle to either side: 1 is from grey to as strong as can be",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ g + s · (c − g), s = f / (1 − f), f ~ U(½ − strength/2, ½ + strength/2)",
    use_when="cameras and light will differ, and colour says little of what a thing is",
    trade_off="a lemon is no longer a lime by its colour",
    interactions=(("random_hue", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=colours(lambda s, value_range: image.RandomSaturation(around_half(s), value_range=value_range)),
    usage="augmentation.image.RandomSaturation((0.3, 0.7))",
)

RANDOM_HUE = Lever(
    name="random_hue",
    title="Random hue",
    family="augmentation",
    strength="factor: the largest turn of colours to either side, 1 for half a circle",
    bounds=SHARE,
    strengths=(0.05, 0.2),
    equation="(I, Q) turned by ± π f in YIQ, f ~ U(0, factor)",
    use_when="the colour of a thing says little of what it is",
    trade_off="faces turn green; of no use where colour tells the class",
    interactions=(("random_saturation", "in a Compose all linear changes of colour are one"),),
    source="Howard 2013, Some Improvements on Deep Convolutional Neural Network Based Image Classification",
    rewrite=colours(image.RandomHue),
    usage="augmentation.image.RandomHue(0.1)",
)

RANDOM_GRAYSCALE = Lever(
    name="random_grayscale",
    title="Random grayscale",
    family="augmentation",
    strength="factor: the share of images that lose their colours",
    bounds=SHARE,
    strengths=(0.1, 0.3),
    equation="c ↦ 0.299 R + 0.587 G + 0.114 B with probability factor",
    use_when="shapes shall count, and new images may be grey",
    trade_off="of no use where colour tells the class",
    interactions=(("random_saturation", "goes part of the way, for all images"),),
    source="Chen et al. 2020, A Simple Framework for Contrastive Learning of Visual Representations, appendix A",
    rewrite=colours(image.RandomGrayscale),
    usage="augmentation.image.RandomGrayscale(0.2)",
)

COLOR_JITTER = Lever(
    name="color_jitter",
    title="Color jitter",
    family="augmentation",
    strength="factor of brightness and contrast, half of it for saturation, a quarter for hue",
    bounds=SHARE,
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
    rewrite=colours(lambda s, value_range: image.ColorJitter(s, s, around_half(s / 2), s / 4, value_range=value_range)),
    usage="augmentation.image.ColorJitter(0.2, 0.2, (0.4, 0.6), 0.05)",
)

CHANNEL_MIX = Lever(
    name="channel_mix",
    title="Channel mix",
    family="augmentation",
    strength="factor: the largest share of each channel that comes from random weights of all three",
    bounds=SHARE,
    strengths=(0.2, 0.5),
    equation="c ↦ (1 − f) c + f W c, rows of W uniform on the simplex, f ~ U(0, factor)",
    use_when="colours shall change in more ways than hue, and nothing shall clip",
    trade_off="colours only get paler, on the whole",
    interactions=(("random_hue", "turns colours all alike; both can be used"),),
    source="no paper; compare Krizhevsky et al. 2012, section 4.1, where colours move along their principal axes",
    rewrite=colours(image.ChannelMix),
    usage="augmentation.image.ChannelMix(0.3)",
)
