"""Augmentation of audio: waveforms and spectrograms."""

from keras_regkit.augmentation._compose import Compose

__all__ = ["Compose"]
