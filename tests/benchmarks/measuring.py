"""What the benchmarks share: interleaved timing, and tables in docs/benchmarks."""

import csv
import pathlib
import platform
import statistics
import time

import keras

RESULTS = pathlib.Path(__file__).parents[2] / "docs" / "benchmarks"


def interleaved(functions, rounds):
    """Times each of the named functions once per round, in turn, so that a slow moment of the machine hits all alike.

    Returns:
        `{name: seconds of each round}`. One round before is not counted: it compiles.
    """
    times = {name: [] for name in functions}
    for number in range(rounds + 1):
        for name, function in functions.items():
            start = time.perf_counter()
            function()
            if number:
                times[name].append(time.perf_counter() - start)
    return times


def ratio(times, reference):
    """Median over rounds of the ratio to the reference, with the quartiles."""
    ratios = [a / b for a, b in zip(times, reference, strict=True)]
    low, middle, high = statistics.quantiles(ratios, n=4)
    return {"ratio": f"{middle:.3f}", "quartiles": f"{low:.3f} to {high:.3f}"}


def write_table(name, rows):
    """Writes rows (dicts with equal keys) to docs/benchmarks/NAME.csv, and prints them."""
    path = RESULTS / f"{name}.csv"
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys(), lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    print(f"\n{path.name}  (Keras {keras.__version__}, {keras.backend.backend()}, Python {platform.python_version()})")
    for row in rows:
        print("  ".join(f"{key}={value}" for key, value in row.items()))
