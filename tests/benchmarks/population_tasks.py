"""Sixty-four trainings, as programs of their own: `python population_tasks.py TASK ENGINE TRAININGS`.

Prints one JSON line: how many trainings there were, and the seconds they took, imports not counted.
"""

import json
import os
import sys
import time

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import keras
import numpy as np
from sklearn import datasets

import keras_regkit as rk

# Eight settings with the baseline.
LEVERS = {
    "template": {
        "dropout": [0.1, 0.5],
        "l2": [1e-3],
        "label_smoothing": [0.05, 0.1],
        "weight_decay": [1e-2],
        "early_stopping": [5],
    },
    "convnet": {"dropout": [0.1, 0.5], "l2": [1e-3, 1e-2], "weight_decay": [1e-2, 1e-1], "early_stopping": [3]},
}
EPOCHS = {"template": 50, "convnet": 10}


def data(task):
    """Returns `(train, validation)` of a bundled table, or of the digits as images."""
    if task == "template":
        x, y = datasets.load_breast_cancer(return_X_y=True)
        x, y = ((x - x.mean(0)) / x.std(0)).astype("float32"), y[:, None].astype("float32")
    else:
        x, y = datasets.load_digits(return_X_y=True)
        x, y = (x / 16).reshape(-1, 8, 8, 1).astype("float32"), y.astype("int32")
    order = np.random.default_rng(0).permutation(len(x))
    x, y, cut = x[order], y[order], int(0.7 * len(x))
    return (x[:cut], y[:cut]), (x[cut:], y[cut:])


def build(task, seed):
    """Returns a fresh compiled model."""
    if task == "template":
        return rk.presets.mlp(30, task="binary", seed=seed)
    keras.utils.set_random_seed(seed)
    layers = keras.layers
    penalty = keras.regularizers.L2(1e-4)
    model = keras.Sequential(
        [
            keras.Input((8, 8, 1)),
            layers.Conv2D(16, 3, padding="same", activation="relu", kernel_regularizer=penalty),
            layers.BatchNormalization(),
            layers.Conv2D(32, 3, padding="same", activation="relu", kernel_regularizer=penalty),
            layers.MaxPooling2D(),
            layers.Flatten(),
            layers.Dropout(0.3, seed=seed),
            layers.Dense(10),
        ]
    )
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile("adam", loss, metrics=["accuracy"])
    return model


def by_study(task, trainings, engine):
    """Trains the first of the settings at eight seeds each, or the baseline alone at fewer."""
    train, validation = data(task)
    knobs = [(name, strength) for name, strengths in LEVERS[task].items() for strength in strengths]
    chosen = {}
    for name, strength in knobs[: max(1, trainings // 8 - 1)]:
        chosen.setdefault(name, []).append(strength)
    study = rk.Study(
        lambda seed: build(task, seed),
        levers=chosen,
        train=train,
        validation=validation,
        seeds=8,
        epochs=EPOCHS[task],
        engine=engine,
    )
    return len(study.run(verbose=0).trials)


def by_fit(task, trainings):
    """What one writes without a study: a new model for each training, and `fit`."""
    train, validation = data(task)
    for seed in range(trainings):
        model = build(task, seed)
        model.fit(*train, validation_data=validation, epochs=EPOCHS[task], batch_size=32, verbose=0)
    return trainings


if __name__ == "__main__":
    task, engine, trainings = sys.argv[1], sys.argv[2], int(sys.argv[3])
    imported = time.time()
    done = by_fit(task, trainings) if engine == "fit" else by_study(task, trainings, engine)
    print(json.dumps({"trainings": done, "train": time.time() - imported}))
