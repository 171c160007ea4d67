"""Studies small enough to run in a test, also from a process of their own that a test may kill."""

import sys
import time

import keras
import numpy as np

from keras_regkit.studies import Study, Trial

numpy = keras.ops.convert_to_numpy


def table(rows=24, seed=0):
    """Returns `(x, y)`: a noisy line in three features."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 3)).astype("float32")
    return x, (x @ [[1.0], [-1.0], [0.5]] + rng.normal(size=(rows, 1))).astype("float32")


def labels(rows=24, seed=0, classes=2):
    """Returns `(x, y)` with integer labels of shape `(rows, 1)`."""
    x, y = table(rows, seed)
    return x, np.digitize(y, np.quantile(y, np.arange(1, classes) / classes)).astype("int32")


def regressor(*extra):
    """Returns a compiled model whose weights are drawn from the global seed; `extra` layers sit in its middle."""
    model = keras.Sequential(
        [keras.Input((3,)), keras.layers.Dense(4, activation="tanh"), *extra, keras.layers.Dense(1)]
    )
    model.compile(keras.optimizers.Adam(0.05), "mse")
    return model


def noisy_regressor():
    """A model with all that a reused one could carry over: noise, moving statistics, optimizer slots."""
    return regressor(keras.layers.BatchNormalization(), keras.layers.Dropout(0.5))


def study(build=regressor, **changes):
    """Returns a study of `build` with few rows, epochs and seeds."""
    arguments = {"levers": {"l2": [0.1]}, "seeds": 2, "epochs": 2, "batch_size": 8, "train": table(), **changes}
    return Study(build, **{"validation": table(seed=1), **arguments})


def resumable(store, callbacks=None):
    """The study that is killed and continued."""
    return study(noisy_regressor, levers={"early_stopping": [1]}, seeds=4, store=store, callbacks=callbacks)


def trial(variant="baseline", seed=0, value=1.0, **metrics):
    """Returns the record of a training that never was."""
    metrics = {"data_loss": 0.5, "val_data_loss": value, "gap": value - 0.5, **metrics}
    return Trial(variant, seed, metrics, {"data_loss": [0.5], "val_data_loss": [value]}, 1, 0, 0.25)


def timeless(record):
    """Returns the JSON record of a result without what depends on the clock or on how often it was begun."""
    if isinstance(record, dict):
        left_out = ("seconds", "finished", "engine_notes")
        return {key: timeless(value) for key, value in record.items() if key not in left_out}
    return [timeless(item) for item in record] if isinstance(record, list) else record


class Slow(keras.callbacks.Callback):
    """Leaves time to be interrupted in the middle of a trial."""

    def on_epoch_end(self, epoch, logs=None):
        time.sleep(0.15)


def population(store):
    """The study that is killed while a population trains."""
    return study(regressor, levers={"early_stopping": [999]}, seeds=8, epochs=4000, store=store, engine="population")


if __name__ == "__main__":
    if "population" in sys.argv:
        population(sys.argv[1]).run(verbose=0)
    else:
        resumable(sys.argv[1], callbacks=lambda: [Slow()]).run(verbose=0)
