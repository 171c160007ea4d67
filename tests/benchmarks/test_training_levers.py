"""Do the levers that act during training help? Ten seeds of each on small tasks, against the plain model.

KERAS_BACKEND=jax pytest tests/benchmarks/test_training_levers.py --benchmark -n0 -s
"""

import csv

import keras
import numpy as np
import pytest
from measuring import RESULTS, write_table
from training_levers import levers_for
from training_tasks import TASKS

from keras_regkit._core.backend import to_numpy
from keras_regkit.studies.statistics import paired_difference

SEEDS = 10
COLUMNS = ("lever", "strength", "seed", "validation_error", "test_error", "test_nll")


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
@pytest.mark.filterwarnings("ignore:EarlyLearning was given integer labels")  # there are no metrics here
def test_trials(task):
    """One row for each lever, strength and seed. Rows that are there already are not run again."""
    path = RESULTS / f"training-levers-{task.name}-trials.csv"
    rows = list(csv.DictReader(path.open())) if path.exists() else []
    done = {(row["lever"], row["strength"]) for row in rows}
    splits = [task.split(seed) for seed in range(SEEDS)]
    for lever in levers_for(task):
        for strength in lever.strengths:
            if (lever.name, str(strength)) in done:
                continue
            # One model for all seeds, where that can be, so that its step is compiled once.
            if not lever.per_seed:
                setting, start = prepared(lever.setting, task, strength)
            for seed, split in enumerate(splits):
                if lever.per_seed:
                    setting, start = prepared(lever.setting, task, strength, seed)
                scores = trial(task, setting, start, split, seed)
                rows.append(dict(zip(COLUMNS, (lever.name, strength, seed, *scores), strict=True)))
            write(path, rows)


@pytest.mark.parametrize("task", TASKS.values(), ids=TASKS)
def test_summary(task):
    rows = list(csv.DictReader((RESULTS / f"training-levers-{task.name}-trials.csv").open()))
    errors = {}
    for row in rows:
        key = row["lever"], row["strength"]
        errors.setdefault(key, []).append([float(row[c]) for c in COLUMNS[3:]])
    errors = {key: np.array(values) for key, values in errors.items()}
    summary = []
    for lever in levers_for(task):
        tried = {s: errors[lever.name, str(s)] for s in lever.strengths if (lever.name, str(s)) in errors}
        if not tried:
            continue
        # Chosen on validation over the same seeds; the first, that is the lightest, of equals.
        strength = min(tried, key=lambda s: tried[s][:, 0].mean())
        ours, theirs = tried[strength], errors[lever.baseline, "0"]
        error = paired_difference(100 * ours[:, 1], 100 * theirs[:, 1])
        nll = paired_difference(ours[:, 2], theirs[:, 2])
        summary.append(
            {
                "lever": lever.name,
                "strength": strength,
                "test error %": f"{100 * ours[:, 1].mean():.2f}",
                "difference": f"{error.mean:+.2f}",
                "95% interval": f"{error.low:+.2f} to {error.high:+.2f}",
                "test NLL": f"{ours[:, 2].mean():.3f}",
                "NLL difference": f"{nll.mean:+.3f}",
                "NLL 95% interval": f"{nll.low:+.3f} to {nll.high:+.3f}",
                "against": lever.baseline,
                "verdict": verdict(error),
            }
        )
    write_table(f"training-levers-{task.name}", summary)


def verdict(difference):
    if difference.high < 0:
        return "better"
    return "worse" if difference.low > 0 else "no difference shown"


def prepared(make, *arguments):
    """Returns the setting, and the variables that training moves with their values before."""
    keras.utils.set_random_seed(0)
    setting = make(*arguments)
    setting.fitted.optimizer.build(setting.fitted.trainable_variables)
    held = [*setting.fitted.variables, *setting.fitted.optimizer.variables]
    return setting, [(v, to_numpy(v)) for v in {id(v): v for v in held}.values()]


def trial(task, setting, start, split, seed):
    """Trains once from the seed's first weights; returns errors and the negative log-likelihood."""
    for variable, value in start:
        # Each seed has random numbers of its own, the same for all levers where they draw alike.
        variable.assign([seed, 0] if "seed_generator_state" in variable.path else value)
    weights = [v for v in setting.fitted.weights if v.name in ("kernel", "bias")]
    for variable, value in zip(weights, task.first_weights(seed), strict=True):
        variable.assign(value)
    keras.utils.set_random_seed(seed)
    made = setting.callbacks(split)
    x, y = split.train
    setting.fitted.fit(
        x,
        setting.labels(y),
        validation_data=split.validation,
        epochs=task.epochs,
        batch_size=task.batch_size,
        callbacks=made,
        verbose=0,
    )
    predict = setting.predict or (lambda made, x: setting.fitted.predict(x, verbose=0))
    (_, validation_error), (nll, error) = (score(predict(made, x), y) for x, y in (split.validation, split.test))
    return f"{validation_error:.5f}", f"{error:.5f}", f"{nll:.5f}"


def score(probabilities, labels):
    own = np.clip(probabilities[np.arange(len(labels)), labels], 1e-7, 1)
    return -np.log(own).mean(), (probabilities.argmax(axis=1) != labels).mean()


def write(path, rows):
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
