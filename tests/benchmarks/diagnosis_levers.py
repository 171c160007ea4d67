"""Turns every simple lever on tasks that overfit or underfit, and keeps the losses on fresh rows.

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_levers.py FILE FIRST GROUPS

appends one JSON line for each task to a gzip file. `label_smoothing` is left out: it needs a loss that knows its
labels.
"""

import dataclasses
import gzip
import json
import pathlib
import sys

import diagnosis_tasks as made
import numpy as np
from diagnosis_rows import carrying, numbers
from diagnosis_runs import read

import keras_regkit as rk
from keras_regkit import levers

TASKS, INITIAL, EPOCHS = 6, 3, 40  # of each group; initial weights of each task; epochs that are judged
CARDS = ("l2", "dropout", "weight_decay", "l1", "l1_l2", "max_norm", "batch_norm", "less_capacity")


def group(seed):
    """Returns a wide network on few rows, or a narrow one on many."""
    narrow = seed % 2 == 1
    drawn = made.group(seed, "narrow" if narrow else "scarce")
    family = made.FAMILIES[seed // 2 % 3]
    units = (3,) if narrow else (32, 32)
    return dataclasses.replace(drawn, family=family, features=8, units=units, optimizer="adam", batch_norm=False)


def settings(group, task):
    """A task's settings: those of a sound training, but that half of the narrow ones are held back by a penalty."""
    chosen = made.settings(group, task, [EPOCHS])
    held = {"l2": 0.05} if group.kind == "narrow" and task % 2 else {"l2": 1e-8}
    noise = min(chosen.noise, 0.7)
    return dataclasses.replace(chosen, learning_rate=0.005, dropout=1e-6, weight_decay=1e-8, noise=noise, **held)


def study(group, drawn, measured, cards, epochs=EPOCHS):
    """Runs baseline and cards; returns `{variant: {seed: trial}}`."""
    places = made.test_rows(group)

    def build(seed):
        chosen, parts = drawn[seed]
        part = parts[measured]
        copies = places // len(part.x)
        part = made.Part(*(np.concatenate([array] * copies) for array in (part.x, part.y, part.irreducible)))
        return carrying(group, chosen, seed, parts["train"], part)

    study = rk.Study(
        build,
        levers=cards,
        train=numbers(0, group.rows),
        validation=numbers(group.rows, group.rows + places),
        seeds=list(drawn),
        epochs=epochs,
        batch_size=group.batch_size,
        engine="population",
    )
    found = {}
    for trial in study.run(verbose=0).trials:
        assert trial.provenance["engine"] == "population", study.engine_notes
        found.setdefault(trial.variant, {})[trial.seed] = trial
    return found


def observe(group):
    """Returns a record for each task of a group."""
    tasks = [settings(group, task) for task in range(TASKS)]
    tasks = [(chosen, made.parts(group, chosen, task)) for task, chosen in enumerate(tasks)]
    # Neighbours differ in settings: a study looks at its first two seeds to see whether numbers differ between seeds.
    drawn = {task * INITIAL + number: tasks[task] for number in range(INITIAL) for task in range(TASKS)}
    seen = study(group, drawn, "validation", ["early_stopping"])
    stopped = next(trials for name, trials in seen.items() if name != "baseline")
    cards = {name: levers.get(name).strengths for name in CARDS}
    true = study(group, drawn, "test", cards)
    # What no card does is done by hand. `early_stopping` is not run: a study must turn something.
    longer = study(group, drawn, "test", {"dropout": [0.3]}, epochs=3 * EPOCHS)["baseline"]
    wide = dataclasses.replace(group, units=tuple(4 * units for units in group.units))
    wider = study(wide, drawn, "test", {"dropout": [0.3]})["baseline"]
    freed = {s: (dataclasses.replace(chosen, l2=1e-8, dropout=1e-6), parts) for s, (chosen, parts) in drawn.items()}
    freer = study(group, freed, "test", {"dropout": [0.3]})["baseline"]
    slow = {s: (dataclasses.replace(chosen, learning_rate=5e-4), parts) for s, (chosen, parts) in drawn.items()}
    slower = study(group, slow, "test", {"dropout": [0.3]})["baseline"]
    records = []
    for task in range(TASKS):
        seeds = [task * INITIAL + number for number in range(INITIAL)]
        chosen, parts = drawn[seeds[0]]
        losses = {
            name: [trials[seed].curves["val_data_loss"][-1] for seed in seeds]
            for name, trials in {
                **true,
                "longer_training": longer,
                "more_capacity": wider,
                "less_regularization": freer,
                "lower_learning_rate": slower,
            }.items()
        }
        # The weights of the epoch that the validation rows call best.
        baseline = true["baseline"]
        losses["early_stopping"] = [baseline[s].curves["val_data_loss"][stopped[s].best_epoch] for s in seeds]
        records.append(
            {
                "group": dataclasses.asdict(group),
                "task": task,
                "settings": dataclasses.asdict(chosen),
                "trivial_train": made.trivial_loss(group, parts["train"].y),
                "irreducible_train": float(parts["train"].irreducible.mean()),
                "irreducible_test": float(parts["test"].irreducible.mean()),
                "trivial_test": made.trivial_loss(group, parts["test"].y),
                "curves": [seen["baseline"][seed].curves for seed in seeds],
                "losses": losses,
            }
        )
    return records


def main(file, first, groups):
    path = pathlib.Path(file)
    done = {record["group"]["seed"] for record in read(path)} if path.exists() else set()
    for seed in range(int(first), int(first) + int(groups)):
        if seed not in done:
            lines = [json.dumps(_short(record)) + "\n" for record in observe(group(seed))]
            with gzip.open(path, "at") as out:
                out.writelines(lines)
            print(group(seed), flush=True)


def _short(value):
    if isinstance(value, dict):
        return {key: _short(inner) for key, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_short(inner) for inner in value]
    return float(f"{value:.4g}") if isinstance(value, float) else value


if __name__ == "__main__":
    main(*sys.argv[1:])
