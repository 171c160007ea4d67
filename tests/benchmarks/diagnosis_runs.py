"""The trainings that were run, as they are kept in docs/benchmarks."""

import gzip
import json

from measuring import RESULTS

FILE = RESULTS / "diagnosis-trainings.jsonl.gz"
FEW_ROWS_FILE = RESULTS / "diagnosis-few-rows.jsonl.gz"
LEVERS_FILE = RESULTS / "diagnosis-levers.jsonl.gz"
HALF = 20  # groups: those before it calibrate, those from it on are held out
# What a diagnosis is told besides the curves.
INFORMATION = ("curves", "reference", "reachable")


def read(path=FILE):
    """Returns the records of all trainings."""
    with gzip.open(path, "rt") as lines:
        return [json.loads(line) for line in lines]


def calibration_half(path=FILE):
    return [record for record in read(path) if record["group"]["seed"] < HALF]


def held_out_half(path=FILE):
    return [record for record in read(path) if record["group"]["seed"] >= HALF]


def told(record, what):
    """Returns the levels that `judge` gets: none, that of the best constant, or that and the teacher's own loss."""
    known = record["known"]
    return {
        "curves": {},
        "reference": {"reference": known["trivial_train"]},
        "reachable": {"reference": known["trivial_train"], "reachable": known["irreducible_train"]},
    }[what]


def few_rows():
    """Returns the records of further groups with few validation rows, where these may be what is wrong."""
    return read(FEW_ROWS_FILE)


def lever_tasks():
    """Returns the records of the tasks on which levers were turned."""
    return read(LEVERS_FILE)
