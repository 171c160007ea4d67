"""How long batches of 64 one-second clips at 16 kHz take to be augmented, beside audiomentations clip by clip.

    pytest tests/benchmarks/test_audio_augmentation.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

All parameters are drawn for each clip, from the same ranges. What differs: audiomentations draws the order of filters
between 2 and 4 where ours are all of 3, and percentages are whole numbers. It reads recordings of noise from their
files each time, and keeps impulse responses in memory.
"""

import functools

import keras
import numpy as np
from image_peers import called
from measuring import interleaved, ratio, write_table

ROUNDS, BATCH, RATE = 9, 64, 16000


def ours():
    from keras_regkit.augmentation import audio

    return {
        "Gain": audio.RandomGain(12),
        "AddNoise, white": audio.AddNoise(snr_db=(5, 40)),
        "AddNoise, recordings": audio.AddNoise(recordings(), snr_db=(3, 30)),
        "Shift": audio.TimeShift(0.5),
        "PolarityInversion": audio.PolarityInversion(probability=1),
        "TimeStretch": audio.TimeStretch((0.8, 1.25)),
        "PitchShift": audio.PitchShift(4),
        "Reverb, impulse responses of 0.5 s": audio.Reverb(impulse_responses=impulse_responses()),
        "LowPass": audio.LowPass(RATE, order=3),
        "HighPass": audio.HighPass(RATE, order=3),
        "BandPass": audio.BandPass(RATE, order=3),
        "ClipDistortion": audio.ClipDistortion(40),
        "TimeMask": audio.TimeMask((0.01, 0.2), fade=80),
        "Compose of gain, noise, shift, low-pass, mask": audio.Compose(
            [
                audio.RandomGain(12),
                audio.AddNoise(snr_db=(5, 40)),
                audio.TimeShift(0.5),
                audio.LowPass(RATE, order=3),
                audio.TimeMask((0.01, 0.2), fade=80),
            ]
        ),
    }


def theirs(folder):
    import audiomentations as a
    import soundfile

    for kind, clips in (("noise", recordings()), ("response", impulse_responses())):
        for number, clip in enumerate(clips):
            (folder / kind).mkdir(exist_ok=True)
            soundfile.write(folder / kind / f"{number}.wav", clip / np.abs(clip).max(), RATE, "FLOAT")
    return {
        "Gain": a.Gain(p=1),
        "AddNoise, white": a.AddGaussianSNR(p=1),
        "AddNoise, recordings": a.AddBackgroundNoise(folder / "noise", p=1),
        "Shift": a.Shift(fade_duration=0, p=1),
        "PolarityInversion": a.PolarityInversion(p=1),
        "TimeStretch": a.TimeStretch(p=1),
        "PitchShift": a.PitchShift(p=1),
        "Reverb, impulse responses of 0.5 s": a.ApplyImpulseResponse(folder / "response", p=1),
        "LowPass": a.LowPassFilter(p=1),
        "HighPass": a.HighPassFilter(p=1),
        "BandPass": a.BandPassFilter(p=1),
        "ClipDistortion": a.ClippingDistortion(p=1),
        "TimeMask": a.TimeMask(p=1),
        "Compose of gain, noise, shift, low-pass, mask": a.Compose(
            [a.Gain(p=1), a.AddGaussianSNR(p=1), a.Shift(fade_duration=0, p=1), a.LowPassFilter(p=1), a.TimeMask(p=1)]
        ),
    }


@functools.cache
def recordings():
    return np.random.default_rng(1).normal(0, 0.1, (4, 5 * RATE)).astype("float32")


@functools.cache
def impulse_responses():
    noise = np.random.default_rng(2).normal(size=(4, RATE // 2))
    return (noise * 10 ** (-3 * np.arange(RATE // 2) / (0.4 * RATE))).astype("float32")


def test_ms_a_batch(tmp_path):
    clips = np.random.default_rng(0).normal(0, 0.2, (BATCH, RATE)).clip(-1, 1).astype("float32")
    layers, rows = ours(), []
    try:
        peers = theirs(tmp_path)
    except ImportError as error:
        print(f"without audiomentations: {error}")
        peers = {}
    for name, layer in layers.items():
        functions = {"keras_regkit": called(layer, clips)}
        if name in peers:
            functions["audiomentations"] = lambda peer=peers[name]: [peer(clip, RATE) for clip in clips]
        times = interleaved(functions, ROUNDS)
        for library, t in times.items():
            rows.append(
                {
                    "backend": keras.backend.backend(),
                    "op": name,
                    "library": library,
                    "ms a batch": f"{1000 * sorted(t)[len(t) // 2]:.2f}",
                    **ratio(t, times["keras_regkit"]),
                }
            )
    write_table(f"audio-augmentation-{keras.backend.backend()}", rows)
