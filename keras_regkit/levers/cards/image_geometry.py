"""Images whose pixels are moved at random in training."""

from keras_regkit._core.checks import Interval
from keras_regkit.augmentation import image
from keras_regkit.levers.cards._images import SHARE, plain
from keras_regkit.levers.image_inputs import behind_images
from keras_regkit.levers.lever import Lever

_BELOW_ONE = Interval(0, 1, closed="left")


def _resized_crop(strength, height, width):
    if height is None or width is None:
        raise ValueError("The images must have a known size for random_resized_crop. Received: one that is not known")
    return image.RandomResizedCrop(height, width, scale=(1 - strength, 1.0))


RANDOM_FLIP = Lever(
    name="random_flip",
    title="Random flip",
    family="augmentation",
    strength="probability: the share of images that are considered, of which half are mirrored",
    bounds=SHARE,
    strengths=(1.0,),
    equation="x ↦ W − 1 − x with probability 1/2",
    use_when="left and right mean the same, as in photographs of objects",
    trade_off="none, but for writing, digits, and whatever has a side",
    interactions=(("random_rotation", "both, and all that moves pixels, in a Compose: one resampling"),),
    source="Krizhevsky et al. 2012, ImageNet Classification with Deep Convolutional Neural Networks, section 4.1",
    rewrite=plain(lambda strength: image.RandomFlip("horizontal", probability=strength)),
    usage='augmentation.image.RandomFlip("horizontal")',
)

RANDOM_ROTATION = Lever(
    name="random_rotation",
    title="Random rotation",
    family="augmentation",
    strength="factor: the largest angle to either side, as a fraction of a full turn",
    bounds=SHARE,
    strengths=(0.02, 0.06),
    equation="p ↦ c + R(2π f)(p − c), f ~ U(−factor, factor)",
    use_when="cameras are held at an angle, or things have no upper side",
    trade_off="corners are filled with what was not there; a 6 turned round is a 9",
    interactions=(
        ("random_zoom", "in a Compose both are one resampling, and lose less detail than one after the other"),
        ("random_flip", "a flip costs nothing beside it"),
    ),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=plain(image.RandomRotation),
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
    rewrite=plain(image.RandomZoom),
    usage="augmentation.image.RandomZoom(0.2)",
)

RANDOM_TRANSLATION = Lever(
    name="random_translation",
    title="Random translation",
    family="augmentation",
    strength="factor: the largest shift along each axis, as a share of the size",
    bounds=SHARE,
    strengths=(0.05, 0.15),
    equation="p ↦ p − f · (W, H), f ~ U(−factor, factor) along each axis",
    use_when="things are not always in the middle, and the model does not pool over all places",
    trade_off="little for a model with global pooling, which forgets the place anyway",
    interactions=(("random_crop", "the same for images that are larger than the model wants: nothing is filled in"),),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=plain(lambda strength: image.RandomTranslation(strength, strength)),
    usage="augmentation.image.RandomTranslation(0.1, 0.1)",
)

RANDOM_SHEAR = Lever(
    name="random_shear",
    title="Random shear",
    family="augmentation",
    strength="factor: the largest slant along each axis, as a tangent",
    bounds=SHARE,
    strengths=(0.1, 0.3),
    equation="(x, y) ↦ (x + s₁ y, y + s₂ x), s ~ ± U(0, factor)",
    use_when="things are seen at a slant, as handwriting is",
    trade_off="shapes are no longer those of solid things",
    interactions=(("random_rotation", "in a Compose both are one resampling"),),
    source="Simard et al. 2003, Best Practices for Convolutional Neural Networks, section 2",
    rewrite=plain(lambda strength: image.RandomShear(strength, strength)),
    usage="augmentation.image.RandomShear(x_factor=0.2)",
)

RANDOM_PERSPECTIVE = Lever(
    name="random_perspective",
    title="Random perspective",
    family="augmentation",
    strength="scale: how far the corners move, by at most half of it, as a share of the size",
    bounds=SHARE,
    strengths=(0.1, 0.3),
    equation="the homography that takes each corner to corner + (W, H) · U(−scale/2, scale/2)",
    use_when="flat things are seen from all sides: signs, pages, roads",
    trade_off="straight lines stay straight, but nothing else; what lies outside is filled",
    interactions=(("random_shear", "is the part of it that keeps lines parallel"),),
    source="Heckbert 1989, Fundamentals of Texture Mapping and Image Warping, section 2.2.3",
    rewrite=plain(lambda strength: image.RandomPerspective(scale=strength)),
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
    rewrite=plain(lambda s: image.RandomAffine(s / 4, s, s, s)),
    usage="augmentation.image.RandomAffine(0.03, 0.1, 0.1, 0.1)",
)
