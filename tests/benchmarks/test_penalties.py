"""What penalties, and strengths that move, add to a training step of a model of 100 layers.

    pytest tests/benchmarks/test_penalties.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

100 Dense layers of 128 units, batches of 512; every kernel carries the penalty. Ratios are against the same
model without it.
"""

import keras
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise, trainer

import keras_regkit as rk
from keras_regkit import regularizers
from keras_regkit.strengths import Cosine

ROUNDS, LAYERS, UNITS, BATCH, STEPS = 9, 100, 128, 512, 4


def model(make):
    return keras.Sequential(
        [
            keras.Input((UNITS,)),
            *(keras.layers.Dense(UNITS, activation="relu", kernel_regularizer=make()) for _ in range(LAYERS)),
        ]
    )


def table(name, versions, reference):
    x, y = noise(BATCH, UNITS), noise(BATCH, UNITS, seed=1)
    rows = []
    for jit in modes():
        functions = {key: trainer(model(make), x, y, jit=jit, steps=STEPS) for key, make in versions.items()}
        times = interleaved(functions, ROUNDS)
        rows += [
            {
                "backend": mode(jit),
                "penalty": key,
                "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / STEPS:.1f}",
                **ratio(t, times[reference]),
            }
            for key, t in times.items()
        ]
    write_table(f"{name}-{keras.backend.backend()}", rows)


def test_penalties():
    reference = noise(UNITS, UNITS)
    importance = abs(noise(UNITS, UNITS, seed=1))
    table(
        "penalties",
        {
            "none": lambda: None,
            "keras L2": lambda: keras.regularizers.L2(1e-4),
            "keras L1": lambda: keras.regularizers.L1(1e-4),
            "GroupLasso": lambda: regularizers.GroupLasso(1e-4),
            "SparseGroupLasso": lambda: regularizers.SparseGroupLasso(1e-4),
            "MCP": lambda: regularizers.MCP(1e-4),
            "SCAD": lambda: regularizers.SCAD(1e-4),
            "Hoyer": lambda: regularizers.Hoyer(1e-4),
            "L2SP": lambda: regularizers.L2SP(1e-4, reference),
            "WeightedL2": lambda: regularizers.WeightedL2(1e-4, importance),
            "SpectralNorm": lambda: regularizers.SpectralNorm(1e-4),
            "Orthogonal (soft)": lambda: regularizers.Orthogonal(1e-4, mode="soft"),
        },
        "none",
    )


def test_schedules():
    schedule = Cosine(0.0, 1.0, steps=1000)

    def shared():
        one = regularizers.Scheduled(keras.regularizers.L2(1e-4), schedule)
        return lambda: one

    table(
        "schedules",
        {
            "constant": lambda: keras.regularizers.L2(1e-4),
            "Scheduled, one for all": shared(),
            "Scheduled, one for each": lambda: regularizers.Scheduled(keras.regularizers.L2(1e-4), schedule),
        },
        "constant",
    )


def test_callbacks():
    """StrengthSchedule and StrengthMonitor on a model with ten dropout layers, against the same fit without."""
    x, y = noise(BATCH * 20, UNITS), noise(BATCH * 20, UNITS, seed=1)
    callbacks = {
        "none": [],
        "StrengthMonitor": [rk.callbacks.StrengthMonitor()],
        "StrengthSchedule, epochs": [rk.callbacks.StrengthSchedule({"dropout.*": Cosine(0.0, 0.5, epochs=9)})],
        "StrengthSchedule, steps": [rk.callbacks.StrengthSchedule({"dropout.*": Cosine(0.0, 0.5, steps=900)})],
    }
    functions = {}
    for name, chosen in callbacks.items():
        layers = [keras.Input((UNITS,))]
        for _ in range(10):
            layers += [keras.layers.Dense(512, activation="relu"), rk.layers.Dropout(0.1)]
        net = keras.Sequential([*layers, keras.layers.Dense(UNITS)])
        net.compile("sgd", "mse")
        functions[name] = lambda net=net, chosen=chosen: net.fit(x, y, batch_size=BATCH, verbose=0, callbacks=chosen)
    times = interleaved(functions, ROUNDS)
    rows = [
        {
            "backend": keras.backend.backend(),
            "callback": name,
            "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / 20:.1f}",
            **ratio(t, times["none"]),
        }
        for name, t in times.items()
    ]
    write_table(f"strength-callbacks-{keras.backend.backend()}", rows)
