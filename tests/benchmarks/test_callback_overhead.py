"""What the callbacks add to an epoch of the template, on each backend.

    pytest tests/benchmarks/test_callback_overhead.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax, torch)

An epoch of `fit` with validation on the breast-cancer table, without callbacks, with each of ours, and with Keras' own
EarlyStopping as the peer. Interleaved; the ratio is the median over rounds.
"""

import keras
from measuring import interleaved, ratio, write_table
from sklearn.datasets import load_breast_cancer
from sklearn.preprocessing import StandardScaler

import keras_regkit as rk

EPOCHS, ROUNDS = (8, 7) if keras.backend.backend() == "torch" else (20, 15)  # torch runs eagerly, and takes longer


def test_overhead():
    x, y = load_breast_cancer(return_X_y=True)
    x = StandardScaler().fit_transform(x).astype("float32")
    y = y[:, None].astype("float32")
    train, validation = (x[:455], y[:455]), (x[455:], y[455:])
    callbacks = {
        "none": [],
        "GapMonitor": [rk.callbacks.GapMonitor(train)],
        "GapMonitor with validation": [rk.callbacks.GapMonitor(train, validation)],
        "EarlyStopping": [rk.callbacks.EarlyStopping(patience=EPOCHS)],
        "keras.callbacks.EarlyStopping": [keras.callbacks.EarlyStopping(patience=EPOCHS, restore_best_weights=True)],
    }
    functions = {}
    for name, chosen in callbacks.items():
        model = rk.presets.mlp(30, seed=0)
        functions[name] = lambda model=model, chosen=chosen: model.fit(
            *train, validation_data=validation, epochs=EPOCHS, callbacks=chosen, verbose=0
        )
    times = interleaved(functions, ROUNDS)
    backend = keras.backend.backend()
    rows = [
        {
            "backend": backend,
            "callback": name,
            "ms per epoch": f"{1000 * sorted(seconds)[ROUNDS // 2] / EPOCHS:.1f}",
            **ratio(seconds, times["none"]),
        }
        for name, seconds in times.items()
    ]
    write_table(f"callbacks-{backend}", rows)
