"""How often a diagnosis names the regime that a training is in, and a lever that helps.

KERAS_BACKEND=jax pytest tests/benchmarks/test_diagnosis.py --benchmark -n0 -s    (a minute)

The trainings are kept in docs/benchmarks, so that nothing is trained here; `diagnosis_trainings.py` and
`diagnosis_levers.py` make them anew (tens of minutes). `diagnosis_fit.py` sets the thresholds from one half of them;
this reads the other half.
"""

import collections
import dataclasses

import diagnosis_tasks as made
import numpy as np
from diagnosis_runs import INFORMATION, held_out_half, lever_tasks, told
from diagnosis_truth import EXCESS, truth
from measuring import write_table

from keras_regkit.diagnosis import REGIMES, diagnose

MARGINS = (1.0, 1.5, 2.0)
TOLD = {
    "curves": "nothing",
    "reference": "the loss of a constant",
    "reachable": "that, and the loss that can be reached",
}


def diagnosed(record, end, what):
    levels = {f"{name}_loss": value for name, value in told(record, what).items()}
    log = {"data_loss": record["train"][:end], "val_data_loss": record["validation"][:end]}
    if np.isnan(np.array(list(log.values()), float)).all(1).any():
        return None  # nothing to read: refused with a message
    sizes = {"n_train": record["group"]["rows"], "n_validation": record["group"]["validation_rows"]}
    return diagnose(log, **levels, **sizes)


def judged():
    """Yields `(told, truth, diagnosis, group)` of each held-out training, at the one end that was drawn for it."""
    for record in held_out_half():
        end = record["settings"]["end"]
        for what in INFORMATION:
            found = diagnosed(record, end, what)
            if found is not None:
                yield what, truth(record, end), found, record["group"]["seed"]


def test_regimes():
    cases = list(judged())
    rows = []
    for what in INFORMATION:
        for margin in MARGINS:
            chosen = [case for case in cases if case[0] == what and case[1].margin >= margin]
            right = [true.regime == found.regime for _, true, found, _ in chosen]
            over = [(true.regime == "overfitting") == (found.regime == "overfitting") for _, true, found, _ in chosen]
            groups = [group for *_, group in chosen]
            rows.append(
                {
                    "told beside the curves": TOLD[what],
                    "trainings": f"{len(chosen)}, all" if margin == 1 else f"{len(chosen)}, clear by {margin}",
                    "regime right": f"{np.mean(right):.3f} ({_interval(right, groups)})",
                    "overfitting or not right": f"{np.mean(over):.3f} ({_interval(over, groups)})",
                }
            )
    write_table("diagnosis-regimes", rows)


def test_confusion():
    """All held-out trainings, told the loss of a constant, which is what a compiled classifier tells."""
    cases = [case for case in judged() if case[0] == "reference"]
    counts = collections.Counter((true.regime, found.regime) for _, true, found, _ in cases)
    rows = []
    for regime in REGIMES:
        total = sum(counts[regime, other] for other in REGIMES)
        row = {"true": regime} | {other: counts[regime, other] for other in REGIMES}
        rows.append(row | {"recall": f"{counts[regime, regime] / total:.2f}" if total else "-"})
    write_table("diagnosis-confusion", rows)
    assert sum(counts.values()) == len(cases) > 200


def test_confidence():
    """Stated confidence, and how often such verdicts are right."""
    cases = [(found.confidence, true.regime == found.regime) for _, true, found, _ in judged()]
    rows = []
    for low, high in ((0.0, 0.5), (0.5, 0.6), (0.6, 0.7), (0.7, 0.8), (0.8, 1.01)):
        inside = [case for case in cases if low <= case[0] < high]
        if inside:
            said, right = np.mean(inside, axis=0)
            limits = f"{low:.1f} to {min(high, 1):.1f}"
            rows.append({"confidence": limits, "verdicts": len(inside), "mean": f"{said:.2f}", "right": f"{right:.2f}"})
    write_table("diagnosis-confidence", rows)


def test_levers():
    """Tasks that overfit or underfit: the advice beside what lowers the loss on fresh rows."""
    rows, first, any_of = [], [], []
    for task in lever_tasks():
        room = task["trivial_test"] - task["irreducible_test"]
        excess = (np.mean(task["losses"]["baseline"]) - task["irreducible_test"]) / room
        if excess < EXCESS:
            continue  # there is nothing to mend
        group = made.Group(**{**task["group"], "units": tuple(task["group"]["units"])})
        chosen = made.Settings(**task["settings"])
        advice = diagnose(
            [{"data_loss": c["data_loss"], "val_data_loss": c["val_data_loss"]} for c in task["curves"]],
            model=made.build(group, _without_slots(chosen)),
            data_kind="tabular",
            n_train=group.rows,
            n_validation=group.validation_rows,
            reference_loss=task["trivial_train"],
        )
        best = {}
        for name, losses in task["losses"].items():
            name = name.split("=")[0]
            best[name] = min(best.get(name, np.inf), float(np.mean(losses)))
        baseline = best.pop("baseline")
        ranked = sorted(best, key=best.get)
        tried = [lever.name for lever in advice.levers if lever.name in best]
        first.append(bool(tried) and tried[0] in ranked[:3])
        any_of.append(bool(set(tried[:3]) & set(ranked[:3])))
        rows.append(
            {
                "task": f"{group.seed}.{task['task']}, {group.family}, {'narrow' if group.seed % 2 else 'scarce'}",
                "above the teacher": f"{excess:.2f}",
                "diagnosis": advice.regime,
                "advised": ", ".join(tried[:3]) or "-",
                "best three": ", ".join(f"{name} {best[name]:.3g}" for name in ranked[:3]),
                "baseline": f"{baseline:.3g}",
                "first advised loss": f"{best[tried[0]]:.3g}" if tried else "-",
                "first among best three": "yes" if first[-1] else "no",
                "one of three": "yes" if any_of[-1] else "no",
            }
        )
    write_table("diagnosis-levers", rows)
    print(f"first advised among the best three: {np.mean(first):.2f}; one of the first three: {np.mean(any_of):.2f}")


def _without_slots(chosen):
    """What stands for "none" in a program with a place for a number is none in a model that one would write."""
    none = {name: 0.0 for name in ("dropout", "l2", "weight_decay") if getattr(chosen, name) < 1e-5}
    return dataclasses.replace(chosen, **none)


def _interval(right, groups, draws=2000):
    """95% interval over groups: trainings of one group share their sizes and their network."""
    rng, right, groups = np.random.default_rng(0), np.array(right, float), np.array(groups)
    names = np.unique(groups)
    sums = np.array([[right[groups == name].sum(), (groups == name).sum()] for name in names])
    drawn = sums[rng.integers(len(names), size=(draws, len(names)))].sum(1)
    low, high = np.quantile(drawn[:, 0] / drawn[:, 1], [0.025, 0.975])
    return f"{low:.2f} to {high:.2f}"
