"""Sixty-four trainings as a population, against `fit` on TensorFlow, whole processes in turn.

pytest tests/benchmarks/test_population.py --benchmark -n0 -s

`fit` trains four of the sixty-four, each a model of its own; what all would take is that, times sixteen.
"""

import json
import os
import pathlib
import statistics
import subprocess
import sys
import time

import pytest
from measuring import write_table

ROUNDS, OF_FIT = 3, 4
PROGRAM = pathlib.Path(__file__).parent / "population_tasks.py"


def process(task, engine, trainings, backend="tensorflow"):
    """Runs a program, and returns its seconds from start to end, and what it says of them."""
    environment = {**os.environ, "KERAS_BACKEND": backend}
    start = time.perf_counter()
    done = subprocess.run(
        [sys.executable, PROGRAM, task, engine, str(trainings)],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return time.perf_counter() - start, json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("task", ["template", "convnet"])
def test_whole_processes(task):
    many, few, fit = [], [], []
    for _ in range(ROUNDS):
        many.append(process(task, "population", 64)[0])
        few.append(process(task, "population", 16)[0])
        fit.append(process(task, "fit", OF_FIT))
    marginal = [(a - b) / 48 for a, b in zip(many, few, strict=True)]
    # A process that fits has its imports once, and each training anew.
    each = [said["train"] / OF_FIT for _, said in fit]
    whole = [seconds - said["train"] + 64 * one for (seconds, said), one in zip(fit, each, strict=True)]
    write_table(
        f"population-{task}",
        [
            {
                "what": "64 trainings, whole process",
                "population": f"{statistics.median(many):.1f} s",
                "fit on TensorFlow": f"{statistics.median(whole):.0f} s (from {OF_FIT})",
                "ratio": f"{statistics.median(a / b for a, b in zip(whole, many, strict=True)):.1f}",
            },
            {
                "what": "one training more",
                "population": f"{statistics.median(marginal):.3f} s",
                "fit on TensorFlow": f"{statistics.median(each):.2f} s",
                "ratio": f"{statistics.median(a / b for a, b in zip(each, marginal, strict=True)):.0f}",
            },
        ],
    )


def test_small_plans():
    """Where a population loses: few trainings do not pay for compiling."""
    rows = []
    for trainings in (16, 24, 32):
        taken = {name: [] for name in ("population", "sequential")}
        for _ in range(2):
            for engine, seconds in taken.items():
                seconds.append(process("template", engine, trainings)[0])
        rows.append({"trainings": trainings, **{name: f"{min(seconds):.1f} s" for name, seconds in taken.items()}})
    write_table("population-small", rows)
