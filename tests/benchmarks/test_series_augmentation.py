"""How many series a second are augmented, beside tsgm.

    pytest tests/benchmarks/test_series_augmentation.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax)

Batches of 64 series of 512 steps and 6 features, each with parameters of its own. tsgm draws 64 of the 64 with
replacement, computes in float64 and knows no lengths.
"""

import keras
import numpy as np
import pytest
from measuring import interleaved, ratio, write_table
from series_peers import tsgm

from keras_regkit.augmentation import time_series as ts

ROUNDS, BATCH, STEPS, FEATURES = 15, 64, 512, 6


def series():
    return np.random.default_rng(0).normal(size=(BATCH, STEPS, FEATURES)).astype("float32")


def pairs():
    """Yields the name of an op, ours, and tsgm's with the arguments that make it the same."""
    theirs = tsgm()
    yield "Jitter", ts.Jitter(0.1), theirs.GaussianNoise(), {"variance": 0.01}
    yield "MagnitudeWarp", ts.MagnitudeWarp(0.2, 4), theirs.MagnitudeWarping(), {"sigma": 0.2, "n_knots": 4}
    yield (
        "WindowWarp",
        ts.WindowWarp(0.2, (0.25, 1.0)),
        theirs.WindowWarping(),
        {"window_ratio": 0.2, "scales": (0.25, 1.0)},
    )
    yield "Permutation", ts.Permutation(4, 1), theirs.SliceAndShuffle(), {"n_segments": 4}
    yield "Rotation (order)", ts.Rotation("permute"), theirs.Shuffle(), {}


def run_of(layer, x):
    """Returns a function that augments a batch that lies ready: in a graph on TensorFlow, as called elsewhere."""
    x = keras.ops.convert_to_tensor(x)
    if keras.backend.backend() == "tensorflow":
        import tensorflow as tf

        graph = tf.function(lambda x: layer(x, training=True))
        return lambda: graph(x).numpy()
    return lambda: keras.ops.convert_to_numpy(layer(x, training=True))


def row(op, library, times, reference):
    return {
        "backend": keras.backend.backend(),
        "op": op,
        "library": library,
        "ms a batch": f"{1000 * sorted(times)[len(times) // 2]:.2f}",
        **ratio(times, reference),
    }


def test_series_a_second():
    x, rows = series(), []
    try:
        ops = list(pairs())
    except ImportError as error:
        pytest.skip(str(error))
    for name, ours, theirs, arguments in ops:
        functions = {
            "keras_regkit": run_of(ours, x),
            "tsgm": lambda theirs=theirs, arguments=arguments: theirs.generate(x, n_samples=BATCH, **arguments),
        }
        times = interleaved(functions, ROUNDS)
        rows += [row(name, library, t, times["keras_regkit"]) for library, t in times.items()]
    ours = ts.Compose([op for _, op, _, _ in ops])

    def one_after_the_other():
        out = x
        for _, _, theirs, arguments in ops:
            out = theirs.generate(out, n_samples=BATCH, **arguments)

    times = interleaved({"keras_regkit": run_of(ours, x), "tsgm": one_after_the_other}, ROUNDS)
    rows += [row("all five", library, t, times["keras_regkit"]) for library, t in times.items()]
    write_table(f"series-augmentation-{keras.backend.backend()}", rows)


def test_every_op():
    """Every op of ours, of whole series and of series of which half is padding."""
    x, rows = series(), []
    lengths = np.linspace(1, STEPS, BATCH).astype("int32")
    for op in (
        ts.Jitter(),
        ts.Scaling(),
        ts.MagnitudeWarp(),
        ts.TimeWarp(),
        ts.WindowSlice(),
        ts.WindowWarp(),
        ts.Permutation(),
        ts.Rotation(),
        ts.Rotation("turn"),
        ts.FrequencyMask(),
    ):
        padded = run_of_padded(op, x, lengths)
        times = interleaved({"whole": run_of(op, x), "padded": padded}, ROUNDS)
        name = f"Rotation ({op.kind})" if isinstance(op, ts.Rotation) else type(op).__name__
        for kind, t in times.items():
            middle = sorted(t)[len(t) // 2]
            rows.append({"backend": keras.backend.backend(), "op": name, "series": kind, "ms": f"{1000 * middle:.2f}"})
    write_table(f"series-ops-{keras.backend.backend()}", rows)


def run_of_padded(layer, x, lengths):
    lengths = keras.ops.convert_to_tensor(lengths)
    return run_of(lambda x, training: layer({"series": x, "lengths": lengths}, training=training)["series"], x)
