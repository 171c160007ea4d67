"""What a cross-validation found: plain records that print."""

import dataclasses
import math
from typing import Any

from keras_regkit._core.files import plain
from keras_regkit._core.words import counted
from keras_regkit.studies.text_table import text_table


@dataclasses.dataclass(frozen=True)
class SplitSize:
    """One split of a cross-validation.

    Args:
        repeat, fold: Its numbers, from 1.
        train, test: Number of rows trained on, and held out.

    >>> SplitSize(repeat=1, fold=2, train=80, test=20).test
    20
    """

    repeat: int
    fold: int
    train: int
    test: int


@dataclasses.dataclass(frozen=True)
class SplitSummary:
    """One variant over all splits, compared with the baseline split by split.

    Args:
        name, settings: Of the variant: `{lever: strength}`.
        mean, sd: Mean and standard deviation over splits of the metric, which is a mean over seeds in each.
        difference: Mean of variant − baseline over splits.
        low, high: Its interval, corrected for training parts that overlap.
        p, p_adjusted: Of the corrected t-test; adjusted (Holm) for the number of variants. None for the baseline.
        verdict: `"helps"`, `"hurts"` or `"no evidence"`, from `p_adjusted`; `"baseline"` for the baseline.
        splits: Number of splits.
        diverged: In how many of them a seed ended with a metric that is not finite. They are not in the mean.

    >>> SplitSummary("l2=0.1", {"l2": 0.1}, 0.3, 0.02, -0.05, -0.09, -0.01, 0.02, 0.04, "helps", 5, 0).verdict
    'helps'
    """

    name: str
    settings: dict
    mean: float
    sd: float
    difference: float
    low: float
    high: float
    p: float | None
    p_adjusted: float | None
    verdict: str
    splits: int
    diverged: int


@dataclasses.dataclass(frozen=True)
class CrossValidationResult:
    """The outcome of `cross_validate`.

    Args:
        name, metric, direction, confidence: As in `StudyResult`.
        summaries: One `SplitSummary` per variant, the baseline first.
        splits: One `SplitSize` per split.
        studies: The `StudyResult` of each split, in the same order.
        seconds: Wall-clock time of the call that made this record.
        engine_notes: Why trainings were run as they were, sentences, as `Study.engine_notes`.

    Example:

    >>> baseline = SplitSummary("baseline", {}, 0.35, 0.02, 0.0, 0.0, 0.0, None, None, "baseline", 5, 0)
    >>> l2 = SplitSummary("l2=0.1", {"l2": 0.1}, 0.3, 0.02, -0.05, -0.09, -0.01, 0.02, 0.04, "helps", 5, 0)
    >>> result = CrossValidationResult("mine", "val_data_loss", "min", 0.95, (baseline, l2), (), (), 60.0)
    >>> result["l2=0.1"].difference
    -0.05
    """

    name: str
    metric: str
    direction: str
    confidence: float
    summaries: tuple
    splits: tuple
    studies: tuple
    seconds: float
    engine_notes: tuple = ()

    @property
    def baseline(self) -> SplitSummary:
        """The summary of the baseline."""
        return self.summaries[0]

    def __getitem__(self, name):
        for summary in self.summaries:
            if summary.name == name:
                return summary
        raise KeyError(f"No variant {name!r}. Variants: {[s.name for s in self.summaries]}")

    def to_dict(self) -> dict[str, Any]:
        """Returns the record in what JSON knows."""
        record = {f.name: getattr(self, f.name) for f in dataclasses.fields(self)}
        for key in ("summaries", "splits"):
            record[key] = [dataclasses.asdict(item) for item in record[key]]
        return plain(record | {"studies": [study.to_dict() for study in self.studies]})

    def __str__(self):
        header = ("variant", self.metric, "difference", f"{self.confidence:.0%} interval", "p (Holm)", "verdict")
        better = "lower" if self.direction == "min" else "higher"
        count = self.baseline.splits
        return "\n".join(
            [
                f"{self.name!r}: {counted(len(self.summaries) - 1, 'variant')} against the baseline on {count} splits",
                "",
                text_table(header, map(_row, self.summaries)),
                "",
                f"Differences are paired by split, and corrected for training parts that overlap; {better} "
                f"{self.metric} is better.",
            ]
        )


def _row(s):
    value = f"{s.mean:.4g} ± {s.sd:.2g}"
    if s.p is None:
        return s.name, value, "", "", "", ""
    verdict = s.verdict + (f" ({s.diverged} of {s.splits} diverged)" if s.diverged else "")
    interval = "" if math.isnan(s.low) else f"[{s.low:+.3g}, {s.high:+.3g}]"
    p = "<0.001" if s.p_adjusted < 0.001 else f"{s.p_adjusted:.3f}"
    return s.name, value, f"{s.difference:+.3g}", interval, p, verdict
