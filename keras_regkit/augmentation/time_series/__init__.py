"""Augmentation of time series."""

from keras_regkit.augmentation._compose import Compose
from keras_regkit.augmentation.time_series.jitter import Jitter

__all__ = ["Compose", "Jitter"]
