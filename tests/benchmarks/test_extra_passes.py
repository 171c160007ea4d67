"""What a training step costs with further passes of the model, against a plain one.

    pytest tests/benchmarks/test_extra_passes.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

A convolutional network on 16 × 16 × 3 images, in batches of 64. Interleaved; medians over rounds.
"""

import keras
from keras import layers
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise, trainer

from keras_regkit import training

ROUNDS, BATCH, STEPS = 11, 64, 20


def net():
    return keras.Sequential(
        [
            keras.Input((16, 16, 3)),
            *(layers.Conv2D(32, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()),
            *(layers.Conv2D(64, 3, strides=2, padding="same"), layers.BatchNormalization(), layers.ReLU()),
            *(layers.Conv2D(64, 3, padding="same"), layers.BatchNormalization(), layers.ReLU()),
            *(layers.GlobalAveragePooling2D(), layers.Dropout(0.3), layers.Dense(10)),
        ]
    )


VERSIONS = {
    "plain": lambda model: model,
    "RDrop": lambda model: training.RDrop(model, 1.0),
    "GradientPenalty": lambda model: training.GradientPenalty(model, 0.1),
    "JacobianPenalty": lambda model: training.JacobianPenalty(model, 0.01),
    "VirtualAdversarial": lambda model: training.VirtualAdversarial(model, 1.0),
    "ManifoldMixUp": lambda model: training.ManifoldMixUp(model, 2.0),
}


def test_extra_passes():
    x, y = noise(BATCH, 16, 16, 3), noise(BATCH, 10, seed=1)
    rows = []
    for jit in modes():
        functions = {name: trainer(make(net()), x, y, jit=jit, steps=STEPS) for name, make in VERSIONS.items()}
        times = interleaved(functions, ROUNDS)
        rows += [
            {
                "backend": mode(jit),
                "method": name,
                "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / STEPS:.1f}",
                **ratio(t, times["plain"]),
            }
            for name, t in times.items()
        ]
    write_table(f"extra-passes-{keras.backend.backend()}", rows)
