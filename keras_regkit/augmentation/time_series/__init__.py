"""Augmentation of time series."""

from keras_regkit.augmentation._compose import Compose
from keras_regkit.augmentation.time_series.frequency_mask import FrequencyMask
from keras_regkit.augmentation.time_series.jitter import Jitter
from keras_regkit.augmentation.time_series.magnitude_warp import MagnitudeWarp
from keras_regkit.augmentation.time_series.permutation import Permutation
from keras_regkit.augmentation.time_series.rotation import Rotation
from keras_regkit.augmentation.time_series.scaling import Scaling
from keras_regkit.augmentation.time_series.time_warp import TimeWarp
from keras_regkit.augmentation.time_series.window_slice import WindowSlice
from keras_regkit.augmentation.time_series.window_warp import WindowWarp

__all__ = [
    "Compose",
    "FrequencyMask",
    "Jitter",
    "MagnitudeWarp",
    "Permutation",
    "Rotation",
    "Scaling",
    "TimeWarp",
    "WindowSlice",
    "WindowWarp",
]
