"""Trainings that overfit, and validation rows of which some or all are training rows: what is seen, and by whom?

    KERAS_BACKEND=jax python tests/benchmarks/diagnosis_leaks.py

writes docs/benchmarks/diagnosis-leaks.csv (some minutes). The truth is that of `diagnosis_truth.py`, from fresh rows. A
curve that does not turn is all that a diagnosis of curves has; `audit` has the rows.
"""

import dataclasses

import diagnosis_tasks as made
import numpy as np
from diagnosis_trainings import ENDS, LONGEST, TRAININGS, observe, population
from diagnosis_truth import quantities, truth
from measuring import write_table

from keras_regkit.diagnosis import audit, diagnose

GROUPS = (100, 101, 105, 106, 110, 111)  # two of each family but images; of the kind whose nets are wide and rows few
SHARES = (0.0, 0.25, 0.5, 1.0)


def leaked(part, train, share):
    """Returns the part with a share of its rows replaced by training rows."""
    rows = round(share * len(part.x))
    mixed = {}
    for field in dataclasses.fields(made.Part):
        theirs, own = getattr(train, field.name)[:rows], getattr(part, field.name)[rows:]
        mixed[field.name] = np.concatenate([theirs, own])
    return made.Part(**mixed)


def cases(seed):
    """Yields `(share, regime that is true, regime that is diagnosed, whether the audit finds the leak)`."""
    group = made.group(seed, "scarce")
    records = {record["seed"]: record for record in observe(group)}
    drawn, names = {}, {share: f"leaked {share}" for share in SHARES}
    for training in range(TRAININGS):
        chosen = made.settings(group, training, ENDS)
        parts = made.parts(group, chosen, training)
        more = {name: leaked(parts["validation"], parts["train"], share) for share, name in names.items()}
        drawn[training] = chosen, {**parts, **more}
    for share, name in names.items():
        curves = population(group, drawn, "train", name, LONGEST)
        for training, (chosen, parts) in drawn.items():
            end, record = chosen.end, records[training]
            record["true"] = {str(end): quantities(record, end)}
            log = {key: np.array(curves[training][key][:end], float) for key in ("data_loss", "val_data_loss")}
            if not all(np.isfinite(curve).all() for curve in log.values()):
                continue
            sizes = {"n_train": group.rows, "n_validation": group.validation_rows}
            found = diagnose(log, reference_loss=record["known"]["trivial_train"], **sizes)
            split = {key: (parts[of].x, parts[of].y) for key, of in (("train", "train"), ("validation", name))}
            audited = audit(made.build(group, chosen), **split)
            ids = {finding.id for finding in audited.findings}
            yield share, truth(record, end).regime, found.regime, "RK604" in ids


def main():
    found = [case for seed in GROUPS for case in cases(seed)]
    rows = []
    for share in SHARES:
        over = [case for case in found if case[0] == share and case[1] == "overfitting"]
        rows.append(
            {
                "validation rows that are training rows": f"{share:.0%}",
                "trainings that overfit": len(over),
                "diagnosed as overfitting": f"{np.mean([case[2] == 'overfitting' for case in over]):.2f}",
                "diagnosed as a good fit": f"{np.mean([case[2] == 'good fit' for case in over]):.2f}",
                "leak found by audit (RK604)": f"{np.mean([case[3] for case in over]):.2f}",
            }
        )
    write_table("diagnosis-leaks", rows)


if __name__ == "__main__":
    main()
