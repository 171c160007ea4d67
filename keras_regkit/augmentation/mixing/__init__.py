"""Mixing samples and their labels."""

from keras_regkit.augmentation.mixing.cut_mix import CutMix
from keras_regkit.augmentation.mixing.mix_up import MixUp
from keras_regkit.augmentation.mixing.mix_up_cut_mix import MixUpCutMix

__all__ = ["CutMix", "MixUp", "MixUpCutMix"]
