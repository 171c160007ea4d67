"""Image augmentation in few passes."""

from keras_regkit.augmentation.image.compose import Compose
from keras_regkit.augmentation.image.random_contrast import RandomContrast
from keras_regkit.augmentation.image.random_flip import RandomFlip
from keras_regkit.augmentation.image.random_invert import RandomInvert
from keras_regkit.augmentation.image.random_rotation import RandomRotation

__all__ = ["Compose", "RandomContrast", "RandomFlip", "RandomInvert", "RandomRotation"]
