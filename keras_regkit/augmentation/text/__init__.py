"""Augmentation of text: strings, and ids of tokens."""

from keras_regkit.augmentation._compose import Compose

__all__ = ["Compose"]
