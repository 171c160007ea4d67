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
from diagnosis_runs import INFORMATION, few_rows, held_out_half, lever_tasks, told
from diagnosis_truth import EXCESS, JUMPS, truth
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


def judged(records=None):
    """Yields `(told, truth, diagnosis, group)` of each held-out training, at the one end that was drawn for it."""
    for record in held_out_half() if records is None else records:
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


def test_noisy_validation():
    """Groups of 6 to 19 validation rows that nothing was set by; told the loss of a constant."""
    noisy, rows = "noisy validation", []
    cases = [case for case in judged(few_rows()) if case[0] == "reference"]
    for margin in MARGINS:
        chosen = [(true, found) for _, true, found, _ in cases if true.margin >= margin]
        pairs = [(true.regime, found.regime) for true, found in chosen]
        jumps = [true.numbers.get("jumps", 0) >= JUMPS for true, found in chosen if found.regime == noisy]
        truly = [found for true, found in pairs if true == noisy]
        named = [true for true, found in pairs if found == noisy]
        rows.append(
            {
                "trainings": f"{len(pairs)}, all" if margin == 1 else f"{len(pairs)}, clear by {margin}",
                "regime right": f"{np.mean([true == found for true, found in pairs]):.2f}",
                "truly noisy validation": len(truly),
                "of them named so": f"{np.mean([found == noisy for found in truly]):.2f}" if truly else "-",
                "named noisy validation": len(named),
                "of them truly so": f"{np.mean([true == noisy for true in named]):.2f}" if named else "-",
                "of them jump, whatever else": f"{np.mean(jumps):.2f}" if jumps else "-",
            }
        )
    write_table("diagnosis-few-rows", rows)


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
    rows, hits = [], collections.defaultdict(list)
    for task in lever_tasks():
        room = task["trivial_test"] - task["irreducible_test"]
        excess = (np.mean(task["losses"]["baseline"]) - task["irreducible_test"]) / room
        if excess < EXCESS:
            continue  # there is nothing to mend
        losses = {}
        for name, values in task["losses"].items():
            # The better of a lever's strengths, in the mean over initial weights.
            name = name.split("=")[0]
            losses[name] = min(losses.get(name, np.inf), float(np.mean(values)))
        baseline = losses.pop("baseline")
        best = sorted(losses, key=losses.get)[:3]
        for what in ("reference", "reachable"):
            regime, tried = _advice(task, what, losses)
            hits[what].append((bool(set(tried[:1]) & set(best)), bool(set(tried[:3]) & set(best))))
            if what == "reference":
                family, side = task["group"]["family"], "narrow" if task["group"]["kind"] == "narrow" else "scarce"
                row = {"task": f"{task['group']['seed']}.{task['task']}, {family}, {side}", "regime": regime}
                row |= {"advised": ", ".join(tried[:3]) or "-"}
                row |= {"best three": ", ".join(f"{name} {losses[name]:.3g}" for name in best)}
                row |= {"as it was": f"{baseline:.3g}", "above the teacher": f"{excess:.2f}"}
                rows.append(row | {"first, any": " ".join("yes" if hit else "no" for hit in hits[what][-1])})
    write_table("diagnosis-levers", rows)
    shares = {what: np.mean(found, axis=0) for what, found in hits.items()}
    write_table(
        "diagnosis-levers-summary",
        [
            {
                "told beside curves and model": TOLD[what],
                "tasks": len(rows),
                "first advised is among the best three": f"{first:.2f}",
                "one of the first three is": f"{some:.2f}",
            }
            for what, (first, some) in shares.items()
        ],
    )


def _advice(task, what, levers):
    """Returns the regime, and those of the advised levers that were turned."""
    group = made.Group(**{**task["group"], "units": tuple(task["group"]["units"])})
    levels = {"reference_loss": task["trivial_train"]}
    if what == "reachable":
        levels["reachable_loss"] = task["irreducible_train"]
    found = diagnose(
        task["curves"],
        model=made.build(group, _without_slots(made.Settings(**task["settings"]))),
        data_kind="tabular",
        n_train=group.rows,
        n_validation=group.validation_rows,
        **levels,
    )
    return found.regime, [lever.name for lever in found.levers if lever.name in levers]


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
