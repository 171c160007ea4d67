"""What a nested cross-validation found: plain records that print."""

import collections
import dataclasses
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit.studies.text_table import text_table


@dataclasses.dataclass(frozen=True)
class NestedFold:
    """One outer fold: what was chosen without it, and what that reaches on it.

    Args:
        repeat, fold: Its numbers, from 1.
        train, validation, test: Number of rows to train on, to choose by, and to judge by.
        winner, settings: What was chosen: its name, and `{lever: strength}`.
        baseline, chosen: The metric on the test rows, mean over seeds, of the baseline and of what was chosen.

    >>> NestedFold(1, 1, 64, 16, 20, "l2=0.1", {"l2": 0.1}, baseline=0.35, chosen=0.3).winner
    'l2=0.1'
    """

    repeat: int
    fold: int
    train: int
    validation: int
    test: int
    winner: str
    settings: dict
    baseline: float
    chosen: float


@dataclasses.dataclass(frozen=True)
class NestedResult:
    """The outcome of `nested`: what the *procedure* of choosing is worth, not one of its choices.

    Args:
        name, metric, direction, confidence: As in `StudyResult`; the metric is that of the outer test rows.
        folds: One `NestedFold` per outer fold.
        difference, low, high: Mean over folds of chosen − baseline, and its corrected interval.
        p: Of the corrected t-test; 1 where the baseline was chosen throughout.
        seconds: Wall-clock time of the call that made this record.
        engine_notes: Why trainings were run as they were, sentences, as `Study.engine_notes`.

    Example:

    >>> fold = NestedFold(1, 1, 64, 16, 20, "l2=0.1", {"l2": 0.1}, baseline=0.35, chosen=0.3)
    >>> result = NestedResult("mine", "data_loss", "min", 0.95, (fold, fold), -0.05, -0.09, -0.01, 0.02, 60.0)
    >>> result.choices
    {'l2=0.1': 2}
    """

    name: str
    metric: str
    direction: str
    confidence: float
    folds: tuple
    difference: float
    low: float
    high: float
    p: float
    seconds: float
    engine_notes: tuple = ()

    @property
    def choices(self) -> dict[str, int]:
        """How often each variant was chosen, by name. Another in each fold means that the choice hangs on the rows."""
        return dict(collections.Counter(fold.winner for fold in self.folds).most_common())

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        return plain(dataclasses.asdict(self) | {"choices": self.choices})

    def __str__(self):
        rows = [
            (f"{f.repeat}.{f.fold}", f.winner, f"{f.baseline:.4g}", f"{f.chosen:.4g}", f"{f.chosen - f.baseline:+.3g}")
            for f in self.folds
        ]
        return "\n".join(
            [
                f"{self.name!r}: chosen within, judged without, {len(self.folds)} folds",
                "",
                text_table(("fold", "chosen", f"baseline {self.metric}", "chosen", "difference"), rows),
                "",
                f"Choosing this way changes {self.metric} by {self.difference:+.3g} "
                f"[{self.low:+.3g}, {self.high:+.3g}], p = {self.p:.3f}, on rows that took no part.",
            ]
        )
