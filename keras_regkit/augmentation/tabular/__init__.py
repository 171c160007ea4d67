"""Augmentation of rows of tables."""

from keras_regkit.augmentation._compose import Compose
from keras_regkit.augmentation.tabular.categorical_resample import CategoricalResample
from keras_regkit.augmentation.tabular.feature_dropout import FeatureDropout
from keras_regkit.augmentation.tabular.gaussian_jitter import GaussianJitter
from keras_regkit.augmentation.tabular.mixed_mix_up import MixedMixUp
from keras_regkit.augmentation.tabular.swap_noise import SwapNoise

__all__ = ["CategoricalResample", "Compose", "FeatureDropout", "GaussianJitter", "MixedMixUp", "SwapNoise"]
