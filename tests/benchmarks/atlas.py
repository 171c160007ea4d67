"""The atlas of effects: each lever, at the strengths of its card, on eight tasks and ten seeds.

    KERAS_BACKEND=jax python tests/benchmarks/atlas.py FOLDER [TASK ...]

keeps finished trainings in the folder, goes on where it was stopped, writes docs/atlas/effects.csv and draws its
pictures (one to two hours). With tasks named, only theirs are trained, and take the place of what the file has of them.
Every strength that was tried is in it, so that nothing was chosen by what it is judged by. What a model refuses, an
image's lever on a table for one, is printed.
"""

import csv
import math
import pathlib
import sys
import warnings

import numpy as np
from atlas_levers import WATCHING, levers_for
from atlas_picture import FOLDER
from atlas_picture import main as draw
from atlas_tasks import TASKS
from scipy import stats

import keras_regkit as rk
from keras_regkit.studies.applicable import unusable

SEEDS, BATCH = 10, 32
COLUMNS = ("lever", "task", "metric", "strength", "seeds", "effect", "low", "high", "p")


def usable(task, chosen):
    """Returns the levers that change something in the task's model."""
    refused = unusable({card: card.strengths[0] for card in chosen}, task.model(), "val_loss", "min")
    for name, reason in sorted(refused.items()):
        print(f"{task.name}: not {name}: {reason.splitlines()[0][:100]}", file=sys.stderr)
    return [card for card in chosen if card.name not in refused]


def losses(task, folder):
    """Returns `{(lever, strength): test losses by seed}` of a task; that of no lever is under None."""
    parts = task.parts()
    chosen = usable(task, levers_for(task))
    plain = [card for card in chosen if card.name not in WATCHING]
    given = {"train": parts["train"], "seeds": SEEDS, "epochs": task.epochs, "batch_size": BATCH}
    store = folder / task.name.replace(" ", "-")
    study = rk.Study(task.model, levers=plain, validation=parts["test"], store=store, name=task.name, **given)
    found = {}
    for trial in study.run().trials:
        key = next(iter(trial.settings.items()), None)
        found.setdefault(key, {})[trial.seed] = trial.metrics["val_data_loss"]
    print(f"{task.name}: {study.engine_notes}", file=sys.stderr)
    found.update(watched(task, [card for card in chosen if card.name in WATCHING], parts, given, store))
    return {key: np.array([values[seed] for seed in sorted(values)]) for key, values in found.items()}


def watched(task, chosen, parts, given, store):
    """Returns the test losses of levers that watch the validation rows: of the weights that they end with."""
    store = store.with_name(f"{store.name}-watching")
    study = rk.Study(
        task.model,
        levers=chosen,
        validation=parts["validation"],
        store=store,
        keep_weights=True,
        name=task.name,
        **given,
    )
    result, found = study.run(), {}
    for trial in result.trials:
        for setting in trial.settings.items():  # one, and none of the baseline
            model = study.model(trial.variant, trial.seed)
            found.setdefault(setting, {})[trial.seed] = model.evaluate(*parts["test"], batch_size=500, verbose=0)
    return found


def effects(task, found):
    """Returns the rows of a task: differences from no lever, seed by seed, in percent of its mean loss.

    A lever at which a seed diverged has infinity for its effect, and no interval.
    """
    baseline, rows = found.pop(None), []
    for (lever, strength), values in found.items():
        change = 100 * (values - baseline) / baseline.mean()
        middle, half, p = math.inf, math.nan, math.nan
        if np.isfinite(change).all():
            middle, p = change.mean(), stats.ttest_1samp(change, 0).pvalue
            half = stats.t.ppf(0.975, SEEDS - 1) * change.std(ddof=1) / np.sqrt(SEEDS)
        rows.append(
            {
                "lever": lever,
                "task": task.name,
                "metric": "test loss, %",
                "strength": f"{strength:g}",
                "seeds": SEEDS,
                "effect": f"{middle:+.1f}",
                "low": f"{middle - half:+.1f}",
                "high": f"{middle + half:+.1f}",
                "p": f"{p:.2g}",
            }
        )
    return rows


def main(folder, *names):
    unknown = set(names) - {task.name for task in TASKS}
    if unknown:
        sys.exit(f"There is no task {sorted(unknown)}. There are {[task.name for task in TASKS]}.")
    with (FOLDER / "effects.csv").open(newline="") as file:
        known = list(csv.DictReader(file))
    rows = []
    for task in TASKS:
        if names and task.name not in names:
            rows += [row for row in known if row["task"] == task.name]
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            rows += effects(task, losses(task, pathlib.Path(folder)))
    with (FOLDER / "effects.csv").open("w", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS)
        writer.writeheader()
        writer.writerows(rows)
    draw()


if __name__ == "__main__":
    main(*sys.argv[1:])
