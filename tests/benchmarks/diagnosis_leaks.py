"""What a leak does to a diagnosis, and whether the audit sees it.

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_leaks.py    (two minutes)

Six groups that no threshold was set by, of few rows and wide networks. A share of the validation rows of each training
is replaced by rows that it trains on. What is true of it stays as it was: that is measured on rows of their own.
"""

import json
import warnings

import diagnosis_tasks as made
import keras
import numpy as np
from diagnosis_trainings import LONGEST, draw, observe, packed, population
from diagnosis_truth import truth
from measuring import write_table
from test_diagnosis import diagnosed

from keras_regkit.diagnosis import audit

GROUPS = (101, 106, 111, 121, 126, 131)  # scarce: regression, two and four classes
SHARES = (0.0, 0.1, 0.25, 0.5, 1.0)
DUPLICATES = "RK604"


def leaky(parts, share, seed):
    """Returns the validation part with a share of its rows replaced by train rows, in any place."""
    own, train = parts["validation"], parts["train"]
    random = np.random.default_rng([seed, 5])
    rows = len(own.x)
    there = random.permutation(rows)[: round(share * rows)]
    taken = random.choice(len(train.x), len(there), replace=len(there) > len(train.x))
    mixed = [array.copy() for array in (own.x, own.y, own.irreducible)]
    for array, source in zip(mixed, (train.x, train.y, train.irreducible), strict=True):
        array[there] = source[taken]
    return made.Part(*mixed)


def found_by_audit(group, parts, name):
    """Returns whether the audit says that rows are in two splits."""
    model = keras.Sequential([keras.Input(group.shape), keras.layers.Dense(1)])
    given = {split: (parts[part].x, parts[part].y) for split, part in (("train", "train"), ("validation", name))}
    return any(finding.id == DUPLICATES for finding in audit(model, **given).findings)


def judged(group):
    """Yields `(share, truth, diagnosis, whether the audit found it)` of each training and share."""
    drawn = draw(group)
    records = [json.loads(json.dumps(packed(record))) for record in observe(group, drawn)]  # as they are kept
    for share in SHARES:
        name = f"{share:.0%} leaked"
        for seed, (_, parts) in drawn.items():
            parts[name] = leaky(parts, share, seed)
        curves = population(group, drawn, "train", name, LONGEST)
        for record in records:
            seed, end = record["seed"], record["settings"]["end"]
            seen = {**record, "validation": curves[seed]["val_data_loss"]}
            found = diagnosed(seen, end, "reference")
            if found is not None:
                yield share, truth(record, end), found, found_by_audit(group, drawn[seed][1], name)


def main():
    cases = [case for seed in GROUPS for case in judged(made.group(seed))]
    rows = []
    for share in SHARES:
        chosen = [case for case in cases if case[0] == share]
        over = [case for case in chosen if case[1].regime == "overfitting"]
        rows.append(
            {
                "validation rows that are train rows": f"{share:.0%}",
                "trainings": len(chosen),
                "regime right": f"{np.mean([true.regime == found.regime for _, true, found, _ in chosen]):.2f}",
                "overfitting": len(over),
                "of them named so": f"{np.mean([found.regime == 'overfitting' for _, _, found, _ in over]):.2f}",
                f"audit finds the rows ({DUPLICATES})": f"{np.mean([seen for *_, seen in chosen]):.2f}",
            }
        )
    write_table("diagnosis-leaks", rows)


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    main()
