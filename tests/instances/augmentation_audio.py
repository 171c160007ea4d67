"""Our augmentation layers for audio."""

import numpy as np

from instances.instance import Instance
from keras_regkit.augmentation import audio

_SPECTROGRAMS = np.random.default_rng(0).normal(size=(8, 20, 6)).astype("float32")
_CLIPS = np.random.default_rng(0).normal(size=(8, 80)).astype("float32")


def _waveforms(id, factory, arguments, zero_strength=None):
    """Returns the row of a waveform layer."""
    check = {"inputs": _CLIPS, "training_only": True, "zero_strength": zero_strength or factory(**_without(arguments))}
    return Instance(id, "layer", factory, {**arguments, "seed": 1}, check, factory.RANGES)


def _without(arguments):
    return {**arguments, "probability": 0}


AUGMENTATION_AUDIO = [
    Instance(
        "spec-augment",
        "layer",
        audio.SpecAugment,
        {
            "freq_mask_param": 3,
            "num_freq_masks": 1,
            "time_mask_param": 4,
            "num_time_masks": 2,
            "p": 0.5,
            "time_warp_param": 3,
            "adaptive_multiplicity": 0.1,
            "adaptive_size": 0.3,
            "max_time_masks": 3,
            "mask_value": "mean",
            "probability": 0.9,
            "seed": 1,
        },
        {
            "inputs": _SPECTROGRAMS,
            "training_only": True,
            "zero_strength": audio.SpecAugment(num_freq_masks=0, num_time_masks=0, time_warp_param=0),
        },
        audio.SpecAugment.RANGES,
    ),
    _waveforms("random-gain", audio.RandomGain, {"gain_db": (-6, 3), "probability": 0.9}, audio.RandomGain(0)),
    _waveforms("add-noise", audio.AddNoise, {"noise": "pink", "snr_db": (3, 9), "probability": 0.9}),
    _waveforms(
        "time-shift",
        audio.TimeShift,
        {"shift": (-0.2, 0.4), "rollover": False, "probability": 0.9},
        audio.TimeShift(0),
    ),
    _waveforms("polarity-inversion", audio.PolarityInversion, {"probability": 0.7}),
    _waveforms("time-stretch", audio.TimeStretch, {"rate": (0.7, 1.2), "frame_length": 32, "probability": 0.9}),
    _waveforms("pitch-shift", audio.PitchShift, {"semitones": (-3, 5), "frame_length": 32, "probability": 0.9}),
    _waveforms(
        "reverb",
        audio.Reverb,
        {"sampling_rate": 100, "rt60": (0.1, 0.3), "impulse_responses": None, "probability": 0.9},
    ),
    _waveforms("low-pass", audio.LowPass, {"sampling_rate": 8000, "cutoff": (300, 900), "order": 3}),
    _waveforms("high-pass", audio.HighPass, {"sampling_rate": 8000, "cutoff": (300, 900), "order": 2}),
    _waveforms(
        "band-pass",
        audio.BandPass,
        {"sampling_rate": 8000, "center": (300, 900), "bandwidth_fraction": (0.3, 1.2), "order": 2},
    ),
    _waveforms(
        "clip-distortion",
        audio.ClipDistortion,
        {"percentile_threshold": (10, 60), "probability": 0.9},
        audio.ClipDistortion(0),
    ),
    _waveforms(
        "time-mask", audio.TimeMask, {"band_part": (0.1, 0.4), "fade": 3, "probability": 0.9}, audio.TimeMask(0)
    ),
]
