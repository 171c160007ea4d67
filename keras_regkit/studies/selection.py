"""The winner's curse: what the best of many variants is worth, once the luck it was chosen for is taken out."""

import collections
import dataclasses
from collections.abc import Collection
from typing import Any

import numpy as np

from keras_regkit.studies.statistics import paired_difference
from keras_regkit.studies.trial_values import values_by_seed


@dataclasses.dataclass(frozen=True)
class WinnerEstimate:
    """What the variant that looked best is worth.

    Args:
        variant: Name of the variant with the best mean.
        as_seen: Its mean difference to the baseline on the seeds it was chosen by: too good.
        difference: The difference without what the choice adds.
        low, high: Interval that holds the variant's true difference, although it was chosen.
        p: Two-sided p-value of that difference being 0, likewise.
        chosen: `{variant: times}`: how often each was the best when seeds were left out. One name alone: the choice is
            clear.
        seeds: Number of seeds that the difference was measured at.
        method: `"leave one seed out"` or `"other seeds"`.

    Example:

    >>> estimate = WinnerEstimate(
    ...     "dropout=0.5", -0.09, -0.07, -0.15, 0.01, 0.09, {"dropout=0.5": 3, "l2=0.001": 2}, 5, "leave one seed out"
    ... )
    >>> round(estimate.optimism, 3)
    0.02
    """

    variant: str
    as_seen: float
    difference: float
    low: float
    high: float
    p: float
    chosen: dict
    seeds: int
    method: str

    @property
    def optimism(self) -> float:
        """By how much the choice flattered: the distance of `difference` from `as_seen`."""
        return abs(self.as_seen - self.difference)

    def __str__(self):
        return (
            f"{self.variant} looked best, by {self.as_seen:+.3g}; without the luck of the choice "
            f"{self.difference:+.3g}, interval [{self.low:+.3g}, {self.high:+.3g}] ({self.method})"
        )


def honest_best(result: Any, select: Collection[int] | None = None) -> WinnerEstimate:
    """Returns what the best variant of a study is worth: the best of k that do nothing looks better than the baseline.

    Without `select`, each seed is measured with the variant that is best on the *other* seeds, in turn:

        difference = 1/n · Σ_i d_i(best without i)

    which is free of the choice's luck, for a choice by n − 1 seeds. These n values depend on each other, and an
    interval made of them would be too short. The interval is instead that of the winner as seen, at the level
    1 − (1 − confidence)/k, for which it does not matter which of the k was chosen. With `select`, the variant is chosen
    by those seeds and measured at all the others: no correction is needed, and the interval is the t interval.

    Args:
        result: A `StudyResult` with its trials.
        select: Seeds to choose by; the others measure. None leaves one out at a time.

    Returns:
        A `WinnerEstimate`.

    Raises:
        ValueError: no variants, fewer than three seeds at which everything is finite, or seeds that the study does not
            have.

    Reference:
        Stone 1974, "Cross-Validatory Choice and Assessment of Statistical Predictions", and Cawley and Talbot 2010, "On
        Over-fitting in Model Selection", for estimates that take no part in the choice; Bonferroni for the interval.

    Example:

    >>> from keras_regkit.studies import StudyResult, Trial, VariantSummary
    >>> losses = {"baseline": [0.5, 0.6, 0.4], "l2=0.1": [0.3, 0.5, 0.3], "l2=1": [0.45, 0.4, 0.35]}
    >>> trials = [Trial(v, s, {"val_data_loss": x}, {}, 1, 0, 1.0) for v in losses for s, x in enumerate(losses[v])]
    >>> summaries = [VariantSummary(v, {}, *[0.0] * 5, None, None, "", 0.1, 1, 1, 3, 0) for v in losses]
    >>> result = StudyResult("mine", "val_data_loss", "min", 0.95, tuple(summaries), tuple(trials), "sequential")
    >>> estimate = honest_best(result)
    >>> round(estimate.as_seen, 3), round(estimate.difference, 3), estimate.chosen
    (-0.133, -0.083, {'l2=0.1': 2, 'l2=1': 1})
    """
    names, baseline, variants, seeds = _finite_part(result)
    sign = 1 if result.direction == "min" else -1
    if select is None:
        return _leave_one_out(names, baseline, variants, sign, result.confidence)
    unknown = sorted(set(select) - set(values_by_seed(result)[0]))
    if unknown:
        raise ValueError(f"`select` must be seeds of the study. Not among them: {unknown}")
    chooses = np.isin(seeds, list(select))
    if not chooses.any() or (~chooses).sum() < 2:
        raise ValueError(
            "`select` must hold at least one seed and leave at least two to measure by, at which every variant is "
            f"finite. Received: {chooses.sum()} and {(~chooses).sum()}"
        )
    best = int((sign * (variants - baseline)[:, chooses].mean(axis=1)).argmin())
    seen = float((variants - baseline)[best, chooses].mean())
    d = paired_difference(variants[best, ~chooses], baseline[~chooses], result.confidence)
    return WinnerEstimate(names[best], seen, d.mean, d.low, d.high, d.p, {names[best]: 1}, d.pairs, "other seeds")


def _leave_one_out(names, baseline, variants, sign, confidence):
    differences = variants - baseline
    k, n = differences.shape
    cost = sign * differences
    best = int(cost.mean(axis=1).argmin())
    without = cost.sum(axis=1, keepdims=True) - cost
    chosen = without.argmin(axis=0)
    honest = float(differences[chosen, np.arange(n)].mean())
    wide = paired_difference(variants[best], baseline, 1 - (1 - confidence) / k)
    times = collections.Counter(names[i] for i in chosen)
    return WinnerEstimate(
        variant=names[best],
        as_seen=wide.mean,
        difference=honest,
        low=wide.low,
        high=wide.high,
        p=min(1.0, k * wide.p),
        chosen=dict(times.most_common()),
        seeds=n,
        method="leave one seed out",
    )


def _finite_part(result):
    """Returns names, the baseline's values, the variants' `(k, n)` values, and the n seeds at which all are finite.

    A variant that diverges at half of the seeds or more cannot be the best: it is left out, not the seeds.
    """
    seeds, values = values_by_seed(result)
    start = values.pop(result.baseline.name)
    names = [name for name, v in values.items() if 2 * np.isfinite(v).sum() > len(seeds)]
    table = np.array([values[name] for name in names]).reshape(len(names), len(seeds))
    finite = np.isfinite(start) & np.isfinite(table).all(axis=0)
    if not names or finite.sum() < 3:
        raise ValueError(
            "The best variant's worth takes at least one variant, and three seeds at which all values are finite. "
            f"Received: {len(names)} variants, {finite.sum()} seeds"
        )
    return names, start[finite], table[:, finite], np.array(seeds)[finite]
