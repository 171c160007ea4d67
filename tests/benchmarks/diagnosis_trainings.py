"""Trains groups by the population engine and keeps what the diagnosis sees, and what is true.

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_trainings.py FILE FIRST GROUPS [STEP]

appends one JSON line for each training to a gzip file; groups that it holds are not trained again. Every fifth group,
from 4 on, has few validation rows.
"""

import dataclasses
import gzip
import json
import pathlib
import sys
import time

import diagnosis_tasks as made
import numpy as np
from diagnosis_rows import carrying, numbers
from diagnosis_runs import read
from diagnosis_truth import quantities

import keras_regkit as rk

TRAININGS = 16  # of each group
LONGEST = 80  # epochs that are trained; what is judged ends after one of ENDS
ENDS = (8, 16, 24, 40)
FEW = 60


class NoPopulation(Exception):
    """Trainings of a group are not those of one program; each alone, they would take too long."""


def population(group, drawn, train, validation, epochs):
    """Trains a network on the part `train` of each seed; returns curves by seed, measured on the part `validation`."""
    rows, places = group.rows * (made.RICH if train == "rich" else 1), made.test_rows(group)

    def build(seed):
        chosen, parts = drawn[seed]
        measured = parts[validation]
        copies = places // len(measured.x)
        measured = made.Part(
            *(np.concatenate([array] * copies) for array in (measured.x, measured.y, measured.irreducible))
        )
        return carrying(group, chosen, seed, parts[train], measured)

    study = rk.Study(
        build,
        levers=["early_stopping"],  # not run: the trainings themselves are what is wanted
        train=numbers(0, rows),
        validation=numbers(rows, rows + places),
        seeds=list(drawn),
        epochs=epochs,
        batch_size=group.batch_size,
        engine="population",
    )
    result = study.run_variants([], verbose=0)
    if any(trial.provenance["engine"] != "population" for trial in result.trials):
        raise NoPopulation(study.engine_notes)
    return {trial.seed: trial.curves for trial in result.trials}


def draw(group, trainings=TRAININGS):
    """Returns `{seed: (settings, parts)}` of a group's trainings."""
    drawn = {}
    for seed in range(trainings):
        chosen = made.settings(group, seed, ENDS)
        drawn[seed] = chosen, made.parts(group, chosen, seed)
    return drawn


def observe(group, drawn):
    """Returns a record for each of a group's trainings."""
    curves = {part: population(group, drawn, "train", part, LONGEST) for part in ("validation", "test")}
    # Where validation is no small sample, another one would jump as the test rows do.
    few = group.validation_rows < FEW
    curves["again"] = population(group, drawn, "train", "again", LONGEST) if few else curves["test"]
    rich = population(group, drawn, "rich", "test", LONGEST // made.RICH)
    records = []
    for seed, (chosen, parts) in drawn.items():
        known = {f"irreducible_{name}": parts[name].irreducible.mean() for name in ("train", "validation", "test")}
        known |= {f"trivial_{name}": made.trivial_loss(group, parts[name].y) for name in ("train", "test")}
        records.append(
            {
                "group": dataclasses.asdict(group),
                "seed": seed,
                "settings": dataclasses.asdict(chosen),
                "known": {name: float(value) for name, value in known.items()},
                "train": curves["validation"][seed]["data_loss"],
                **{part: of[seed]["val_data_loss"] for part, of in curves.items()},
                "rich": rich[seed]["val_data_loss"],
            }
        )
    return records


def packed(record):
    """Returns what is kept of a record: the curves that can be diagnosed, and what is true at each end."""
    curves = {name: [_short(value) for value in record[name][: ENDS[-1]]] for name in ("train", "validation")}
    true = {}
    for end in ENDS:
        found = quantities(record, end)
        true[end] = None if found is None else {name: _short(value) for name, value in found.items()}
    settings = {name: _short(value) for name, value in record["settings"].items()}
    known = {name: _short(value) for name, value in record["known"].items()}
    whose = {"group": record["group"], "seed": record["seed"]}
    return {**whose, "settings": settings, "known": known, **curves, "true": true}


def _short(value):
    return float(f"{value:.4g}") if isinstance(value, float) else value


def main(file, first, groups, step=1):
    path = pathlib.Path(file)
    done = {record["group"]["seed"] for record in read(path)} if path.exists() else set()
    first, groups, step = int(first), int(groups), int(step)
    for seed in range(first, first + groups * step, step):
        if seed in done:
            continue
        start = time.perf_counter()
        group = made.group(seed)
        try:
            records = [packed(record) for record in observe(group, draw(group))]
        except NoPopulation as why:
            print(group, f"left out: {why}", flush=True)
            continue
        with gzip.open(path, "at") as out:
            out.writelines(json.dumps(record) + "\n" for record in records)
        print(group, f"{time.perf_counter() - start:.0f} s", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
