"""Augmentation of audio: waveforms and spectrograms."""

from keras_regkit.augmentation._compose import Compose
from keras_regkit.augmentation.audio.add_noise import AddNoise
from keras_regkit.augmentation.audio.band_pass import BandPass
from keras_regkit.augmentation.audio.clip_distortion import ClipDistortion
from keras_regkit.augmentation.audio.high_pass import HighPass
from keras_regkit.augmentation.audio.low_pass import LowPass
from keras_regkit.augmentation.audio.pitch_shift import PitchShift
from keras_regkit.augmentation.audio.polarity_inversion import PolarityInversion
from keras_regkit.augmentation.audio.random_gain import RandomGain
from keras_regkit.augmentation.audio.reverb import Reverb
from keras_regkit.augmentation.audio.spec_augment import SpecAugment
from keras_regkit.augmentation.audio.time_mask import TimeMask
from keras_regkit.augmentation.audio.time_shift import TimeShift
from keras_regkit.augmentation.audio.time_stretch import TimeStretch

__all__ = [
    "AddNoise",
    "BandPass",
    "ClipDistortion",
    "Compose",
    "HighPass",
    "LowPass",
    "PitchShift",
    "PolarityInversion",
    "RandomGain",
    "Reverb",
    "SpecAugment",
    "TimeMask",
    "TimeShift",
    "TimeStretch",
]
