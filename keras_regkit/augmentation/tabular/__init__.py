"""Augmentation of rows of tables."""

from keras_regkit.augmentation._compose import Compose

__all__ = ["Compose"]
