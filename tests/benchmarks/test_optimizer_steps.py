"""What our optimizers add to a training step of those they are made of.

    pytest tests/benchmarks/test_optimizer_steps.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

20 Dense layers of 256 units with an L1 penalty, batches of 512. Ratios are against the optimizer of Keras alone, on the
same model. A proximal step of groups costs more than one of L1, and has a row of its own.
"""

import keras
import numpy as np
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise

from keras_regkit import optimizers, regularizers

ROUNDS, LAYERS, UNITS, BATCH, STEPS = 9, 20, 256, 512, 4


def l1():
    return keras.regularizers.L1(1e-5)


def groups():
    return regularizers.GroupLasso(1e-5)


def trainer(optimizer, penalty, jit):
    """Returns a function that takes some training steps on one batch that lies ready."""
    dense = [keras.layers.Dense(UNITS, activation="relu", kernel_regularizer=penalty()) for _ in range(LAYERS)]
    model = keras.Sequential([keras.Input((UNITS,)), *dense])
    model.compile(optimizer, "mse", jit_compile=jit)
    x, y = np.tile(noise(BATCH, UNITS), (STEPS, 1)), np.tile(noise(BATCH, UNITS, seed=1), (STEPS, 1))
    return lambda: model.fit(x, y, batch_size=BATCH, epochs=1, shuffle=False, verbose=0)


def table(name, versions, reference):
    rows = []
    for jit in modes():
        functions = {key: trainer(make(), penalty, jit) for key, (make, penalty) in versions.items()}
        times = interleaved(functions, ROUNDS)
        rows += [
            {
                "backend": mode(jit),
                "optimizer": key,
                "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / STEPS:.1f}",
                **ratio(t, times[reference]),
            }
            for key, t in times.items()
        ]
    write_table(f"{name}-{keras.backend.backend()}", rows)


def test_proximal_adam():
    table(
        "proximal",
        {
            "Adam": (lambda: keras.optimizers.Adam(1e-4), l1),
            "ProximalAdam": (lambda: optimizers.ProximalAdam(1e-4), l1),
            "Adam, groups": (lambda: keras.optimizers.Adam(1e-4), groups),
            "ProximalAdam, groups": (lambda: optimizers.ProximalAdam(1e-4), groups),
        },
        "Adam",
    )


def test_mixins():
    mixins = (
        optimizers.WeightDecayPolicy,
        optimizers.Lookahead,
        optimizers.AdaptiveGradientClipping,
        optimizers.GradientCentralization,
        optimizers.GradientNoise,
        optimizers.LearningRateMultipliers,
    )
    versions = {"Adam": (lambda: keras.optimizers.Adam(1e-4), l1)}
    for mixin in mixins:
        mixed = optimizers.mix(keras.optimizers.Adam, mixin)
        versions[mixin.__name__] = (lambda mixed=mixed: mixed(1e-4), l1)
    table("optimizer-mixins", versions, "Adam")
