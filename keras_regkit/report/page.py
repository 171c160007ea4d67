"""What the page shows, as plain values: the template only lays it out."""

import math
import statistics

from keras_regkit._core.extras import require
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
        "study_picture": picture(
            result,
            "Paired difference of each variant to the baseline, with its interval. The numbers are in the table below.",
        )
        if len(result.summaries) > 1
        else None,
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


def _curves(decision):
    """Returns the picture of template and winner over seeds, and whose curves it shows."""
    result = decision.result
    known = {trial.variant for trial in result.trials}
    if result.baseline.name not in known:
        return None
    # The trials of a combination may have stayed in the study's folder; then the first lever that was taken speaks.
    taken = [step.variant for step in decision.steps if step.accepted]
    shown = next((name for name in (decision.winner, *taken, result.best.name) if name in known), result.baseline.name)
    alone = shown == result.baseline.name
    whose = "the template" if alone else f"the template and {shown}"
    alt = f"Train and validation loss by epoch, of {whose}; one line for each seed and their median."
    return {
        "variant": shown,
        "alone": alone,
        "is_winner": shown == decision.winner,
        "picture": picture(result, alt, kind="curves", variant=shown),
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
                f"{count} {'row' if count == 1 else 'rows'} of validation and test have the same features as a row of "
                "an earlier part: scores may be too good."
            )
        checks.append((not count, sentence))
    if split.get("conflicts"):
        count = split["conflicts"]
        checks.append((False, f"{count} rows have the same features as another row, but another target."))
    return checks
