"""What the page shows, as plain values: the template only lays it out."""

import math
import statistics

from keras_regkit._core.extras import require
from keras_regkit._core.words import counted
from keras_regkit.report.pictures import picture
from keras_regkit.report.usage import usage
from keras_regkit.studies.result import HELPS, HURTS, NO_EVIDENCE

SYMBOLS = {HELPS: "●", HURTS: "■", NO_EVIDENCE: "◇"}  # as in the picture
_TONES = {
    "better": "good",
    "worse": "bad",
    "no difference shown": "open",
    "same model": "open",
}
_PANELS = 6  # of learning curves
_TASKS = {
    "binary": "Classification, two classes",
    "multiclass": "Classification, several classes",
    "regression": "Regression",
}


def page(decision, schema=None):
    """Returns the template's context for a `Decision` and, where known, the `TableSchema`."""
    result, test = decision.result, decision.test
    return {
        "decision": decision,
        "result": result,
        "test": test,
        "same": decision.winner == result.baseline.name,
        "tone": _TONES[test.verdict],
        "task": _TASKS.get(decision.task, decision.task),
        "answer": _answer(decision),
        "metrics": _metrics(test),
        "better": "lower" if result.direction == "min" else "higher",
        "symbols": SYMBOLS,
        "resolution": _resolution(result),
        "diagnosis_html": _safe(decision.diagnosis._repr_html_()),
        "diagnosis_picture": picture(
            decision.diagnosis,
            f"Learning curves of the template: train and validation by epoch. Judged as: {decision.diagnosis.regime}.",
        ),
        "pictures": _pictures(result) if len(result.summaries) > 1 else {},
        "curves": _curves(decision),
        "path_picture": picture(
            decision,
            "The levers that were tried on top of each other, and the test loss of the template and the winner.",
        ),
        "notes": list(dict.fromkeys([*decision.notes, *decision.split.get("notes", ())])),
        "checks": _checks(decision.split),
        "columns": [] if schema is None else schema.columns,
        "usage": usage(schema),
    }


def _safe(html):
    # `Diagnosis._repr_html_` escapes all that it is given.
    return require("markupsafe", extra="app", purpose="The report").Markup(html)


def _answer(decision):
    """Says what `predict` returns."""
    if decision.task == "regression":
        return f"Each row's prediction is in the unit of {decision.target!r}."
    names = [str(name) for name in decision.classes]
    if decision.task == "binary":
        return f"Each row's prediction is the probability of {names[1]!r} (1 minus it: {names[0]!r})."
    return f"Each row's prediction is one probability per class, in this order: {', '.join(names)}."


def _metrics(test):
    """Returns `(name, template's value, winner's value)` of each metric."""
    return [(name, value, test.winner_metrics.get(name)) for name, value in test.baseline_metrics.items()]


def _resolution(result):
    """Returns half the width of a typical interval: what a study of this size can tell apart; None if unknown."""
    halves = [(s.high - s.low) / 2 for s in result.summaries[1:]]
    halves = [half for half in halves if math.isfinite(half) and half > 0]
    return statistics.median(halves) if halves else None


def _pictures(result):
    """Returns the pictures of all variants."""
    return {
        "forest": picture(
            result,
            "Paired difference of each variant to the baseline, with its interval. The numbers are in the table below.",
        ),
        "gap": picture(
            result,
            f"Scatter of the gap between validation and train loss against {result.metric}: a dot for each trial, a "
            "larger one for the mean of each variant.",
            kind="gap",
        ),
    }


def _curves(decision):
    """Returns the picture of the curves over seeds, and whether the winner is among them; None without any curves."""
    result = decision.result
    known = {trial.variant for trial in result.trials if trial.curves}
    if not known:
        return None
    # What decided first, then what did best alone, as far as a page has room.
    taken = [step.variant for step in decision.steps if step.accepted]
    wanted = [result.baseline.name, decision.winner, *taken, *(s.name for s in result.helping)]
    sign = 1 if result.direction == "min" else -1
    # What is not a number, of a variant that diverged, comes last.
    best_first = sorted(result.summaries, key=lambda s: (math.isnan(s.mean), sign * s.mean))
    others = [s.name for s in best_first]
    shown = [name for name in dict.fromkeys([*wanted, *others]) if name in known][:_PANELS]
    alt = f"Train and validation loss by epoch, median and range over seeds, of {', '.join(shown)}."
    return {
        "all": known == set(shown),
        "has_winner": decision.winner in shown,
        "picture": picture(result, alt, kind="curves", variants=shown),
    }


def _checks(split):
    """Returns `(good, sentence)` for everything that was verified about the split."""
    checks = []
    kept = "row" if not split.get("group") else f"row, and no group of {split['group']!r},"
    if split.get("disjoint"):
        checks.append((True, f"No {kept} is in two parts: verified."))
    if split.get("groups"):
        counts = ", ".join(f"{part} {count}" for part, count in split["groups"].items())
        checks.append((True, f"Groups stay together: {counts} groups."))
    if split.get("stratified"):
        checks.append((True, "Each class has the same share in every part, up to rounding."))
    if "duplicates" in split:
        count = split["duplicates"]
        sentence = "No row of validation or test has the same features as a row of an earlier part."
        if count:
            sentence = (
                f"{counted(count, 'row')} of validation and test have the same features as a row of "
                "an earlier part: scores may be too good."
            )
        checks.append((not count, sentence))
    if split.get("conflicts"):
        count = split["conflicts"]
        checks.append((False, f"{count} rows have the same features as another row, but another target."))
    return checks
