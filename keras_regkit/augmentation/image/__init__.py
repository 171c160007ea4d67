"""Image augmentation in few passes."""

from keras_regkit.augmentation.image.aug_mix import AugMix
from keras_regkit.augmentation.image.auto_augment import AutoAugment
from keras_regkit.augmentation.image.auto_contrast import AutoContrast
from keras_regkit.augmentation.image.channel_mix import ChannelMix
from keras_regkit.augmentation.image.color_jitter import ColorJitter
from keras_regkit.augmentation.image.compose import Compose
from keras_regkit.augmentation.image.cutout import Cutout
from keras_regkit.augmentation.image.equalize import Equalize
from keras_regkit.augmentation.image.grid_mask import GridMask
from keras_regkit.augmentation.image.rand_augment import RandAugment
from keras_regkit.augmentation.image.random_affine import RandomAffine
from keras_regkit.augmentation.image.random_brightness import RandomBrightness
from keras_regkit.augmentation.image.random_contrast import RandomContrast
from keras_regkit.augmentation.image.random_crop import RandomCrop
from keras_regkit.augmentation.image.random_erasing import RandomErasing
from keras_regkit.augmentation.image.random_flip import RandomFlip
from keras_regkit.augmentation.image.random_gaussian_blur import RandomGaussianBlur
from keras_regkit.augmentation.image.random_grayscale import RandomGrayscale
from keras_regkit.augmentation.image.random_hue import RandomHue
from keras_regkit.augmentation.image.random_invert import RandomInvert
from keras_regkit.augmentation.image.random_perspective import RandomPerspective
from keras_regkit.augmentation.image.random_posterize import RandomPosterize
from keras_regkit.augmentation.image.random_resized_crop import RandomResizedCrop
from keras_regkit.augmentation.image.random_rotation import RandomRotation
from keras_regkit.augmentation.image.random_saturation import RandomSaturation
from keras_regkit.augmentation.image.random_sharpness import RandomSharpness
from keras_regkit.augmentation.image.random_shear import RandomShear
from keras_regkit.augmentation.image.random_solarize import RandomSolarize
from keras_regkit.augmentation.image.random_translation import RandomTranslation
from keras_regkit.augmentation.image.random_zoom import RandomZoom
from keras_regkit.augmentation.image.trivial_augment import TrivialAugment

__all__ = [
    "AugMix",
    "AutoAugment",
    "AutoContrast",
    "ChannelMix",
    "ColorJitter",
    "Compose",
    "Cutout",
    "Equalize",
    "GridMask",
    "RandAugment",
    "RandomAffine",
    "RandomBrightness",
    "RandomContrast",
    "RandomCrop",
    "RandomErasing",
    "RandomFlip",
    "RandomGaussianBlur",
    "RandomGrayscale",
    "RandomHue",
    "RandomInvert",
    "RandomPerspective",
    "RandomPosterize",
    "RandomResizedCrop",
    "RandomRotation",
    "RandomSaturation",
    "RandomSharpness",
    "RandomShear",
    "RandomSolarize",
    "RandomTranslation",
    "RandomZoom",
    "TrivialAugment",
]
