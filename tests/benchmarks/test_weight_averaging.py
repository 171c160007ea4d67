"""What weight averaging adds to a training step.

    pytest tests/benchmarks/test_weight_averaging.py --benchmark -n0 -s         (and with KERAS_BACKEND=jax)

Epochs of `fit` without validation: plain, with an average of each step, and of every tenth. Interleaved; the ratio is
the median over rounds. The average is put into the model and taken out again once per epoch, which is part of what is
timed; compiling is not: each fit goes over several epochs, of which the first is left out.
"""

import time

import keras
import numpy as np
from measuring import ratio, write_table
from training_steps import noise

from keras_regkit.callbacks import WeightAveraging

ROUNDS, EPOCHS, STEPS = 5, 4, 500


class Clock(keras.callbacks.Callback):
    """Seconds of each epoch's steps and of what lies between."""

    def __init__(self):
        super().__init__()
        self.begins = []

    def on_epoch_begin(self, epoch, logs=None):
        self.begins.append(time.perf_counter())


def models():
    def mlp(width):
        return keras.Sequential(
            [keras.Input((32,)), *(keras.layers.Dense(width, "relu") for _ in range(3)), keras.layers.Dense(1)]
        )

    def convnet():
        layers = [keras.layers.Conv2D(16, 3, activation="relu"), keras.layers.Conv2D(32, 3, activation="relu")]
        tail = [keras.layers.GlobalAveragePooling2D(), keras.layers.Dense(1)]
        return keras.Sequential([keras.Input((16, 16, 3)), *layers, *tail])

    return {
        "mlp 3 x 64": (lambda: mlp(64), (32,)),
        "mlp 3 x 512": (lambda: mlp(512), (32,)),
        "convnet": (convnet, (16, 16, 3)),
    }


def averagings():
    return {
        "none": lambda: [],
        "every step": lambda: [WeightAveraging()],
        "every 10 steps": lambda: [WeightAveraging(update_every=10)],
    }


def seconds_of_an_epoch(make_model, x, y, callbacks):
    model = make_model()
    model.compile(keras.optimizers.Adam(1e-4), "mse")
    clock = Clock()
    model.fit(x, y, batch_size=32, epochs=EPOCHS, shuffle=False, verbose=0, callbacks=[*callbacks, clock])
    return float(np.median(np.diff(clock.begins)[1:]))


def test_steps():
    backend, rows = keras.backend.backend(), []
    for name, (make_model, shape) in models().items():
        x, y = noise(32 * STEPS, *shape), noise(32 * STEPS, 1)
        times = {kind: [] for kind in averagings()}
        for _ in range(ROUNDS):
            for kind, make in averagings().items():
                times[kind].append(seconds_of_an_epoch(make_model, x, y, make()))
        rows += [
            {
                "backend": backend,
                "model": name,
                "average": kind,
                "µs per step": f"{1e6 * sorted(seconds)[ROUNDS // 2] / STEPS:.0f}",
                **ratio(seconds, times["none"]),
            }
            for kind, seconds in times.items()
        ]
    write_table(f"weight-averaging-{backend}", rows)
