"""Augmentation: more data from the data there is."""

from keras_regkit.augmentation import image

__all__ = ["image"]
