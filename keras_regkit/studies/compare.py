"""Several runs beside one another: variants × runs."""

import dataclasses
import html
import math
import os
import warnings
from collections.abc import Iterable
from typing import Any

import numpy as np

from keras_regkit._core.extras import require
from keras_regkit._core.files import plain
from keras_regkit._core.types import Frame, PathLike
from keras_regkit._core.warnings import DataWarning
from keras_regkit.studies.result import StudyResult
from keras_regkit.studies.stored import StoredStudy, load

_DATA = {"train": "training", "validation": "validation"}
_OF_INTEREST = (
    "model",
    "epochs",
    "batch_size",
    "metric",
    "backend",
    "backend_version",
    "keras",
    "keras_regkit",
    "engine",
)


@dataclasses.dataclass(frozen=True)
class Comparison:
    """A table of variants × runs.

    Args:
        metric: What the cells show.
        runs: Names of the runs.
        variants: Names of the variants, in the order they are met.
        cells: `cells[variant][run]` is `{"mean", "sd", "seeds", "diverged"}`: over the finite values of that variant in
            that run; None where the run has no trial of it.
        differing: `{what: [value per run]}` of what the runs do not share: data, model, epochs, versions.

    Example:

    >>> cell = {"mean": 0.25, "sd": 0.02, "seeds": 5, "diverged": 0}
    >>> print(Comparison("gap", ("a", "b"), ("baseline",), {"baseline": {"a": cell, "b": None}}, {"epochs": [5, 9]}))
    gap: mean ± standard deviation (seeds)
    <BLANKLINE>
    variant   a                b
    baseline  0.25 ± 0.02 (5)
    <BLANKLINE>
    The runs differ in epochs (5; 9).
    """

    metric: str
    runs: tuple
    variants: tuple
    cells: dict
    differing: dict

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self))

    def to_frame(self) -> Frame:
        """Returns a pandas `DataFrame`: one row per variant, two columns (mean, sd) and the seeds per run."""
        pandas = require("pandas", extra="export", purpose="A table of runs")
        values = ("mean", "sd", "seeds", "diverged")
        table = {
            (run, value): [(self.cells[v][run] or {}).get(value, math.nan) for v in self.variants]
            for run in self.runs
            for value in values
        }
        return pandas.DataFrame(table, index=pandas.Index(self.variants, name="variant"))

    def _table(self):
        return [("variant", *self.runs), *((v, *(_text(self.cells[v][r]) for r in self.runs)) for v in self.variants)]

    def _notes(self):
        parts = [f"{what} ({'; '.join(map(str, values))})" for what, values in self.differing.items()]
        return (
            f"The runs differ in {', '.join(parts)}." if parts else "The runs share data, model, settings and versions."
        )

    def __str__(self):
        table = self._table()
        widths = [max(len(row[i]) for row in table) for i in range(len(table[0]))]
        lines = ["  ".join(cell.ljust(w) for cell, w in zip(row, widths, strict=True)).rstrip() for row in table]
        title = f"{self.metric}: mean ± standard deviation (seeds)"
        return "\n".join([title, "", *lines, "", self._notes()])

    def _repr_html_(self):
        head, *body = [[html.escape(cell) for cell in row] for row in self._table()]
        head = "".join(f"<th>{cell}</th>" for cell in head)
        body = "".join("<tr>" + "".join(f"<td>{cell}</td>" for cell in row) + "</tr>" for row in body)
        notes = html.escape(self._notes())
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table><p>{notes}</p>"


def compare(studies: Iterable[PathLike | StoredStudy | StudyResult], metric: str | None = None) -> Comparison:
    """Puts the variants of several runs beside one another.

    The table describes; it makes no claim. A claim needs pairs: one study with both variants in it.

    Args:
        studies: Folders, `StoredStudy` records or `StudyResult` records, at least two.
        metric: The metric to show. Defaults to the one that all of them were compared by.

    Returns:
        A `Comparison`.

    Raises:
        ValueError: fewer than two runs; runs with metrics of their own and no `metric` given; no run has the metric.

    A `DataWarning` says when the runs were trained or judged on different data: their numbers then do not compare.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> def run(name, gap):
    ...     trials = tuple(Trial("baseline", seed, {"gap": gap + seed}, {}, 2, 1, 0.8) for seed in range(2))
    ...     return StoredStudy(name, {"name": name, "metric": "gap", "train": "1f", "validation": "a0"}, trials, 2, "")
    >>> compare([run("first", 0.5), run("second", 0.25)]).cells["baseline"]["second"]["mean"]
    0.75
    """
    if isinstance(studies, (str, os.PathLike)) or len(studies := list(studies)) < 2:
        raise ValueError(f"`studies` must be a list of at least two studies. Received: {studies!r}")
    found = [load(s) if isinstance(s, (str, os.PathLike)) else s for s in studies]
    metric = metric or _common_metric(found)
    if not any(metric in trial.metrics for study in found for trial in study.trials):
        known = sorted({name for study in found for trial in study.trials for name in trial.metrics})
        raise ValueError(f"`metric` must be one of {known}. Received: {metric!r}, which no trial has")
    runs = _names(found)
    variants = tuple(dict.fromkeys(trial.variant for study in found for trial in study.trials))
    cells = {v: {run: _cell(s, v, metric) for run, s in zip(runs, found, strict=True)} for v in variants}
    differing = _differing(found)
    _warn_of_data(runs, differing)
    return Comparison(metric, runs, variants, cells, differing)


def _common_metric(found):
    metrics = list(dict.fromkeys(study.metric for study in found))
    if len(metrics) > 1:
        raise ValueError(f"The studies were compared by different metrics, {metrics}: give one as `metric`")
    return metrics[0]


def _names(found):
    """Names that tell the runs apart: the studies' own where they do, else their folders, else numbers."""
    for names in ([s.name for s in found], [getattr(s, "folder", None) for s in found]):
        if all(names) and len(set(names)) == len(names):
            return tuple(names)
    return tuple(f"{number}: {study.name}" for number, study in enumerate(found, start=1))


def _cell(study, variant, metric):
    values = [t.metrics.get(metric, math.nan) for t in study.trials if t.variant == variant]
    if not values:
        return None
    finite = [value for value in values if math.isfinite(value)]
    return {
        "mean": float(np.mean(finite)) if finite else math.nan,
        "sd": float(np.std(finite, ddof=1)) if len(finite) > 1 else math.nan,
        "seeds": len(values),
        "diverged": len(values) - len(finite),
    }


def _facts(study, key):
    """All values of one fact in a run: of its trials, or of the folder where they say nothing."""
    of_trials = {trial.provenance.get(key) for trial in study.trials} - {None}
    if of_trials:
        return of_trials
    found = study.identity.get(key) if isinstance(study, StoredStudy) else getattr(study, key, None)
    return set() if found is None else {found}


def _differing(found):
    facts = {key: [_facts(study, key) for study in found] for key in (*_DATA, *_OF_INTEREST)}
    return {
        key: [", ".join(sorted(map(str, values))) or "unknown" for values in per_run]
        for key, per_run in facts.items()
        if len({frozenset(values) for values in per_run if values}) > 1
    }


def _warn_of_data(runs, differing):
    changed = [words for key, words in _DATA.items() if key in differing]
    if changed:
        warnings.warn(
            f"The runs {list(runs)} do not share their {' and '.join(changed)} data: a difference between them may "
            "come from the data. Run them on the same rows to compare their models",
            DataWarning,
            stacklevel=3,
        )


def _text(cell):
    if cell is None:
        return ""
    lost = f", {cell['diverged']} diverged" if cell["diverged"] else ""
    return f"{cell['mean']:.4g} ± {cell['sd']:.2g} ({cell['seeds']}{lost})"
