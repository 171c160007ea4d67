"""`search` against KerasTuner and Optuna with sixty trials each: what they find, and how long they take.

pytest tests/benchmarks/test_search_tuners.py --benchmark -n0 -s     (hours; what is finished is not run again)

All look for strengths of the same levers of `presets.mlp`. The tuners train one model after the other with `fit` on
TensorFlow, and keep the one with the lowest validation loss; `search` trains populations, two seeds of each candidate,
and chooses by the mean. The validation loss is that of the best single training, which one would keep: of sixty with
the tuners, of the winner's at the seeds of choice and estimate with `search`. Of the tuners the test loss is that of
this model, of `search` the winner's mean over seeds.
"""

import csv
import gc
import statistics
import tempfile
import time

import keras
import numpy as np
import pytest
from measuring import RESULTS, write_table
from sklearn import datasets

import keras_regkit as rk
from keras_regkit.studies import search

TRIALS, EPOCHS, REPEATS = 60, 50, 5
TABLES = {"breast_cancer": "binary", "wine": "multiclass", "digits": "multiclass", "diabetes": "regression"}
CLASSES = {"wine": 3, "digits": 10}
SPACE = {"dropout": (0.05, 0.6), "l2": (1e-5, 1e-1, "log"), "weight_decay": (1e-4, 1.0, "log")}
COLUMNS = ("table", "repeat", "tool", "seconds", "validation", "test")


def data(table, repeat):
    """Returns train, validation and test arrays, 60/20/20."""
    x, y = getattr(datasets, f"load_{table}")(return_X_y=True)
    x = ((x - x.mean(0)) / (x.std(0) + 1e-6)).astype("float32")
    if TABLES[table] == "regression":
        y = ((y - y.mean()) / y.std())[:, None].astype("float32")
    else:
        y = y.astype("int32") if TABLES[table] == "multiclass" else y[:, None].astype("float32")
    order = np.random.default_rng(repeat).permutation(len(x))
    parts = np.split(order, [int(0.6 * len(x)), int(0.8 * len(x))])
    return [(x[rows], y[rows]) for rows in parts]


def build(table, features, seed, **arguments):
    """Returns the compiled template."""
    task = TABLES[table]
    return rk.presets.mlp(features, outputs=CLASSES.get(table, 1), task=task, seed=seed, **arguments)


def clean(model, part):
    """The loss of a model without its penalties."""
    return model.evaluate(*part, verbose=0, return_dict=True)["loss"] - sum(float(loss) for loss in model.losses)


class Tried:
    """Trains one candidate as one would by hand, and remembers the best."""

    def __init__(self, table, parts):
        self.table, self.parts = table, parts
        self.best, self.test, self.count = float("inf"), None, 0

    def __call__(self, **arguments):
        train, validation, test = self.parts
        model = build(self.table, train[0].shape[1], self.count, **arguments)
        self.count += 1
        model.fit(*train, validation_data=validation, epochs=EPOCHS, batch_size=32, verbose=0)
        value = clean(model, validation)
        if value < self.best:
            self.best, self.test = value, clean(model, test)
        keras.backend.clear_session()
        gc.collect()
        return value


def keras_tuner(table, parts, repeat):
    import keras_tuner as kt

    tried = Tried(table, parts)

    class Tuner(kt.RandomSearch):
        def run_trial(self, trial, *args, **kwargs):
            hp = trial.hyperparameters
            return tried(
                dropout=hp.Float("dropout", 0.05, 0.6),
                l2=hp.Float("l2", 1e-5, 1e-1, sampling="log"),
                weight_decay=hp.Float("weight_decay", 1e-4, 1.0, sampling="log"),
            )

    with tempfile.TemporaryDirectory() as folder:
        tuner = Tuner(
            objective=kt.Objective("default_objective", "min"),
            max_trials=TRIALS,
            seed=repeat,
            directory=folder,
            overwrite=True,
        )
        tuner.search()
    return tried.best, tried.test


def optuna(table, parts, repeat):
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    tried = Tried(table, parts)

    def objective(trial):
        return tried(
            dropout=trial.suggest_float("dropout", 0.05, 0.6),
            l2=trial.suggest_float("l2", 1e-5, 1e-1, log=True),
            weight_decay=trial.suggest_float("weight_decay", 1e-4, 1.0, log=True),
        )

    optuna.create_study(sampler=optuna.samplers.TPESampler(seed=repeat)).optimize(objective, n_trials=TRIALS)
    return tried.best, tried.test


def ours(table, parts, repeat):
    train, validation, test = parts
    found = search(
        lambda seed: build(table, train[0].shape[1], seed),
        SPACE,
        train=train,
        validation=validation,
        test=test,
        trials=TRIALS,
        structures=3,
        epochs=EPOCHS,
        draw=repeat,
        engine="population",
        verbose=0,
    )
    own = [t for t in (*found.choice.trials, *found.estimate.trials) if t.variant == found.best]
    return min(trial.metrics["val_data_loss"] for trial in own), found.test.winner


TOOLS = {"search": ours, "KerasTuner": keras_tuner, "Optuna": optuna}


@pytest.mark.parametrize("repeat", range(REPEATS))
@pytest.mark.parametrize("table", TABLES)
def test_one_search(table, repeat):
    path = RESULTS / "search-tuners.csv"
    rows = list(csv.DictReader(path.open())) if path.exists() else []
    parts = data(table, repeat)
    for tool, run in TOOLS.items():
        if any((r["table"], r["repeat"], r["tool"]) == (table, str(repeat), tool) for r in rows):
            continue
        start = time.perf_counter()
        validation, test = run(table, parts, repeat)
        seconds = time.perf_counter() - start
        values = (table, repeat, tool, f"{seconds:.1f}", f"{validation:.4f}", f"{test:.4f}")
        rows.append(dict(zip(COLUMNS, map(str, values), strict=True)))
        write_table("search-tuners", rows)


def test_summary():
    rows = list(csv.DictReader((RESULTS / "search-tuners.csv").open()))
    by_key = {(r["table"], r["repeat"], r["tool"]): r for r in rows}
    summary = []
    for tool in ("KerasTuner", "Optuna"):
        pairs = [(by_key[t, r, "search"], row) for (t, r, name), row in by_key.items() if name == tool]
        times = [float(theirs["seconds"]) / float(own["seconds"]) for own, theirs in pairs]
        validations, tests = (
            [float(own[part]) - float(theirs[part]) for own, theirs in pairs] for part in ("validation", "test")
        )
        summary.append(
            {
                "against": tool,
                "searches": len(pairs),
                "times as long": f"{statistics.median(times):.1f}",
                "validation loss, ours minus theirs": f"{statistics.median(validations):+.4f}",
                "test loss, ours minus theirs": f"{statistics.median(tests):+.4f}",
                "test loss lower with ours": f"{sum(d < 0 for d in tests)} of {len(tests)}",
            }
        )
    write_table("search-tuners-summary", summary)
