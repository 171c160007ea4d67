"""How likely it is that a difference is large enough to matter."""

import dataclasses
import math
from typing import Any

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit._core.extras import require

_LIKELY = 0.95


@dataclasses.dataclass(frozen=True)
class PracticalGain:
    """Three probabilities that sum to one.

    Args:
        name: Name of the variant; empty for a difference on its own.
        gain: That the variant is better by more than `rope`.
        same: That it differs by no more than `rope`: practically equivalent.
        loss: That it is worse by more than `rope`.
        rope: Half width of the region of practical equivalence, in units of the metric.

    Example:

    >>> PracticalGain("dropout=0.5", gain=0.96, same=0.03, loss=0.01, rope=0.01).outcome
    'gain'
    """

    name: str
    gain: float
    same: float
    loss: float
    rope: float

    @property
    def outcome(self) -> str:
        """What has a probability of at least 0.95: `"gain"`, `"practically the same"`, `"loss"`; or `"undecided"`."""
        likely = {"gain": self.gain, "practically the same": self.same, "loss": self.loss}
        return next((name for name, p in likely.items() if p >= _LIKELY), "undecided")


@dataclasses.dataclass(frozen=True)
class PracticalTable:
    """The probabilities of a study's variants, as `StudyResult.practical` returns them.

    Args:
        metric: Name of the metric.
        direction: `"min"` or `"max"`: which way of the metric is better.
        rope: Half width of the region of practical equivalence, in units of the metric.
        rows: One `PracticalGain` per variant, the baseline left out.

    Example:

    >>> row = PracticalGain("dropout=0.5", gain=0.96, same=0.03, loss=0.01, rope=0.01)
    >>> PracticalTable("val_data_loss", "min", 0.01, (row,))["dropout=0.5"].outcome
    'gain'
    """

    metric: str
    direction: str
    rope: float
    rows: tuple

    def __getitem__(self, name):
        for row in self.rows:
            if row.name == name:
                return row
        raise KeyError(f"No variant {name!r}. Variants: {[row.name for row in self.rows]}")

    def __str__(self):
        head = ("variant", f"gain > {self.rope:g}", f"within ±{self.rope:g}", f"loss > {self.rope:g}", "outcome")
        cells = [head, *((r.name, *(f"{p:.3f}" for p in (r.gain, r.same, r.loss)), r.outcome) for r in self.rows)]
        widths = [max(len(row[i]) for row in cells) for i in range(len(head))]
        lines = ["  ".join(c.ljust(w) for c, w in zip(row, widths, strict=True)).rstrip() for row in cells]
        title = f"Probability of a practical gain in {self.metric}, for each variant on its own"
        return "\n".join([title, "", lines[0], "-" * len(lines[0]), *lines[1:]])


def practical_gain(difference: Any, rope: float, direction: str = "min", name: str = "") -> PracticalGain:
    """Returns how likely a gain, practical equivalence, and a loss are, given the differences seen.

    Without prior knowledge of mean and spread (the reference prior 1/σ) the true difference is distributed, given the
    data, as

        mean + error · t_{n−1}

    with the mean and standard error of the paired t-test; for correlated splits, with the error that
    `corrected_difference` has corrected. The interval of the t-test holds `confidence` of this distribution. Unlike the
    verdicts of a study, these probabilities are not corrected for having looked at many variants.

    Where all differences are alike, n equal signs leave 2⁻ⁿ to be shared by the two other outcomes.

    Args:
        difference: A `PairedDifference`, or anything with its `mean`, `error`, `pairs` and `p`.
        rope: Half width of the region of practical equivalence, ≥ 0, in units of the metric: what you would not change
            a model for.
        direction: `"min"` or `"max"`: which way of the metric is better. Defaults to `"min"`.
        name: Name of the variant.

    Returns:
        A `PracticalGain`; its probabilities are NaN with fewer than two pairs.

    Raises:
        ValueError, TypeError: `rope` or `direction` out of range.

    Reference:
        Benavoli, Corani, Demšar and Zaffalon 2017, "Time for a Change: a Tutorial for Comparing Multiple Classifiers
        Through Bayesian Analysis" (JMLR 18:77), the Bayesian (correlated) t-test.

    Example:

    >>> from keras_regkit.studies import paired_difference
    >>> d = paired_difference([0.30, 0.29, 0.32, 0.28, 0.31], [0.35, 0.33, 0.36, 0.34, 0.35])
    >>> chances = practical_gain(d, rope=0.01)
    >>> round(chances.gain, 4), chances.outcome
    (0.9996, 'gain')
    """
    Interval(0).check("rope", rope)
    OneOf("min", "max").check("direction", direction)
    if difference.pairs < 2:
        return PracticalGain(name, math.nan, math.nan, math.nan, rope)
    gained = -difference.mean if direction == "min" else difference.mean
    if difference.error == 0:
        gain, same, loss = _of_equal_differences(gained, rope, 2.0**-difference.pairs)
    else:
        special = require("scipy.special", extra="studies", purpose="A study's statistics")
        gain = float(special.stdtr(difference.pairs - 1, (gained - rope) / difference.error))
        loss = float(special.stdtr(difference.pairs - 1, (-gained - rope) / difference.error))
        same = max(0.0, 1 - gain - loss)
    return PracticalGain(name, gain, same, loss, rope)


def _of_equal_differences(gained, rope, rest):
    seen = 0 if gained > rope else 2 if gained < -rope else 1
    return tuple(1 - rest if k == seen else rest / 2 for k in range(3))
