"""What training methods of two passes add to a training step.

    pytest tests/benchmarks/test_training_methods.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

A small convolutional network with batch normalization and dropout, batches of 64 images of 32 × 32 × 3. Ratios are
against the same model without a wrapper. With `every=5` a round has ten steps, two of them double.
"""

import keras
from keras import layers
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise, trainer

from keras_regkit.training import SAM, AdversarialWeightPerturbation

ROUNDS, BATCH, STEPS = 15, 64, 20


def model():
    stack = [keras.Input((32, 32, 3))]
    for filters in (32, 64):
        stack += [layers.Conv2D(filters, 3, padding="same", use_bias=False), layers.BatchNormalization()]
        stack += [layers.ReLU(), layers.MaxPooling2D()]
    return keras.Sequential([*stack, layers.Flatten(), layers.Dropout(0.5), layers.Dense(10)])


def test_two_passes():
    x, y = noise(BATCH, 32, 32, 3), noise(BATCH, 10, seed=1)
    methods = {
        "none": lambda model: model,
        "SAM": SAM,
        "ASAM": lambda model: SAM(model, rho=0.5, adaptive=True),
        "AWP": AdversarialWeightPerturbation,
        "SAM, every 5th step": lambda model: SAM(model, every=5),
    }
    rows = []
    for jit in modes():
        functions = {name: trainer(make(model()), x, y, jit=jit, steps=STEPS) for name, make in methods.items()}
        times = interleaved(functions, ROUNDS)
        rows += [
            {
                "backend": mode(jit),
                "method": name,
                "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / STEPS:.1f}",
                **ratio(t, times["none"]),
            }
            for name, t in times.items()
        ]
    write_table(f"two-pass-methods-{keras.backend.backend()}", rows)
