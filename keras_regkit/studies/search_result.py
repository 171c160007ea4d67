"""What a search found: plain records that print."""

import dataclasses
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit.studies.design import Variant
from keras_regkit.studies.held_out import HeldOutScore
from keras_regkit.studies.result import StudyResult, VariantSummary
from keras_regkit.studies.text_table import text_table

_SHOWN = 10


@dataclasses.dataclass(frozen=True)
class Candidate:
    """One combination of levers, and how far it came.

    Args:
        name, settings: Its name, and `{lever: strength}`.
        rung: Number of the last rung that it was trained on, from 1.
        epochs: Most epochs of that rung.
        mean, sd: Of the metric over the search's seeds, on that rung. Too good for those that came far: they were
            chosen by it.
        diverged: At how many seeds the metric was not finite.

    >>> Candidate("l2=0.01", {"l2": 0.01}, 1, 50, 0.31, 0.02, 0).rung
    1
    """

    name: str
    settings: dict
    rung: int
    epochs: int
    mean: float
    sd: float
    diverged: int


@dataclasses.dataclass(frozen=True)
class Rung:
    """One round of a search: all its candidates, trained from scratch for as many epochs.

    Args:
        epochs: Most epochs of each training.
        candidates: Number of candidates, without the baseline.
        trainings: Number of trainings: (candidates + baseline) × seeds.
        kept: Names of those that went on, the best first.

    >>> Rung(epochs=6, candidates=3, trainings=8, kept=("l2=0.01",)).kept
    ('l2=0.01',)
    """

    epochs: int
    candidates: int
    trainings: int
    kept: tuple


@dataclasses.dataclass(frozen=True)
class SearchResult:
    """The outcome of a search.

    Args:
        name, metric, direction: Of the search; which way of the metric is better.
        method: `"random"` or `"halving"`.
        candidates: All `Candidate` records: those that came furthest first, and the best of them first.
        rungs: The `Rung` records.
        choice: `StudyResult` of the finalists, trained anew from other seeds. The best of them is the winner.
        variant: The winner, a `Variant`: `result.variant.apply(model)`. The baseline if no finalist was better.
        estimate: `StudyResult` of the winner against the baseline, from seeds that no choice has seen. This is the
            number to report.
        test: `HeldOutScore` on the test data; None if none were given.
        notes: What was left out of the space, and why.
        seconds: Wall-clock time of the call that made this record.
        engine_notes: Why trainings were run as they were, sentences, as `Study.engine_notes`.

    Example:

    >>> import keras
    >>> import numpy as np
    >>> from keras_regkit.studies import search
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> result = search(
    ...     model, {"l2": (1e-3, 1e-1, "log")}, train=(x, y), validation=(x, y), trials=2, finalists=1,
    ...     seeds=2, fresh_seeds=2, epochs=1, verbose=0,
    ... )
    >>> len(result.candidates), result.rungs[0].trainings
    (2, 6)
    """

    name: str
    metric: str
    direction: str
    method: str
    candidates: tuple
    rungs: tuple
    choice: StudyResult
    variant: Variant
    estimate: StudyResult
    test: HeldOutScore | None
    notes: tuple
    seconds: float
    engine_notes: tuple = ()

    @property
    def best(self) -> str:
        """Name of the winner; `"baseline"` if the model as it was built could not be beaten."""
        return self.variant.name

    @property
    def settings(self) -> dict[str, float]:
        """The strengths of the winner's levers, by name."""
        return {lever.name: strength for lever, strength in self.variant.settings}

    @property
    def honest(self) -> VariantSummary:
        """The winner's `VariantSummary` from seeds that no choice has seen."""
        return self.estimate.summaries[-1]

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        record = {f.name: getattr(self, f.name) for f in dataclasses.fields(self) if f.name != "variant"}
        for key in ("candidates", "rungs"):
            record[key] = [dataclasses.asdict(item) for item in record[key]]
        record |= {"choice": self.choice.to_dict(), "estimate": self.estimate.to_dict()}
        record |= {"best": self.best, "settings": self.settings}
        record["test"] = dataclasses.asdict(self.test) if self.test else None
        return plain(record)

    def __str__(self):
        shown = self.candidates[:_SHOWN]
        rows = [(c.name, f"{c.mean:.4g} ± {c.sd:.2g}", str(c.epochs), f"{c.diverged or ''}") for c in shown]
        table = text_table(("candidate", self.metric, "epochs", "diverged"), rows)
        trainings = sum(rung.trainings for rung in self.rungs)
        more = len(self.candidates) - len(shown)
        return "\n".join(
            [
                f"Search {self.name!r} ({self.method}): {len(self.candidates)} combinations, {trainings} trainings "
                f"on {_path(self.rungs)}",
                "",
                table,
                *([f"... and {more} more"] if more else []),
                "",
                *(f"Left out: {note}" for note in self.notes),
                self._conclusion(),
            ]
        )

    def _conclusion(self):
        base, seeds = self.estimate.baseline, self.estimate.baseline.seeds
        if not self.variant.settings:
            return f"No combination beat the model as built: {self.metric} {base.mean:.4g} over {seeds} new seeds."
        own = self.honest
        text = (
            f"Best: {self.best}. From {seeds} seeds that no choice has seen: {self.metric} {own.mean:.4g}, "
            f"{own.difference:+.3g} [{own.low:+.3g}, {own.high:+.3g}] against the baseline's {base.mean:.4g}."
        )
        if self.test:
            test = self.test
            text += f" On the test data: {test.difference:+.3g} [{test.low:+.3g}, {test.high:+.3g}]."
        return text


def _path(rungs):
    return ", ".join(f"{rung.candidates} × {rung.epochs} epochs" for rung in rungs)
