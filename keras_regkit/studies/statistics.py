"""Paired differences, their intervals, and the correction for having looked at many."""

import dataclasses
import math

import numpy as np

from keras_regkit._core.extras import require

# Metrics are computed in float32: what differs by less is rounding.
_RESOLUTION = 4 * float(np.finfo("float32").eps)


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """A variant minus the baseline, seed by seed.

    Args:
        mean: Mean of the differences.
        low, high: Ends of the confidence interval of the mean; NaN with fewer than two pairs.
        p: Two-sided p-value of the paired t-test; 1 with fewer than two pairs. Where all differences are alike the test
            of signs stands in: a t-test would be certain of what a coin can do.
        pairs: Number of seeds at which both values were finite.
    """

    mean: float
    low: float
    high: float
    p: float
    pairs: int


def paired_difference(variant, baseline, confidence=0.95):
    """Compares two lists of values, paired by position.

        d_i = variant_i − baseline_i        interval: mean(d) ± t · sd(d) / √n,   t = t_{n−1}, (1 + confidence) / 2

    Differences that agree to the precision of float32 have no noise to be measured by. That happens by chance with
    metrics that count, such as the accuracy on few rows; then p = 2^(1 − n), the chance of n equal signs.

    Args:
        variant, baseline: Values by seed, in the same order. Pairs with a value that is not finite are left out.
        confidence: Level of the interval, in (0, 1).

    Reference:
        Student 1908, "The Probable Error of a Mean".

    Example:

    >>> d = paired_difference([1.0, 2.0, 3.0], [2.0, 3.0, 5.0])
    >>> round(d.mean, 3), round(d.low, 3), round(d.high, 3), d.pairs
    (-1.333, -2.768, 0.101, 3)
    """
    variant, baseline = np.asarray(variant, float), np.asarray(baseline, float)
    finite = np.isfinite(variant) & np.isfinite(baseline)
    variant, baseline = variant[finite], baseline[finite]
    difference = variant - baseline
    n = len(difference)
    if n == 0:
        return PairedDifference(math.nan, math.nan, math.nan, 1.0, 0)
    mean = float(difference.mean())
    if n == 1:
        return PairedDifference(mean, math.nan, math.nan, 1.0, 1)
    sd = float(difference.std(ddof=1))
    if sd <= _RESOLUTION * max(np.abs(variant).max(), np.abs(baseline).max()):
        return PairedDifference(mean, mean, mean, 1.0 if mean == 0 else 2.0 ** (1 - n), n)
    error = sd / math.sqrt(n)
    special = require("scipy.special", extra="studies", purpose="A study's statistics")
    width = float(special.stdtrit(n - 1, (1 + confidence) / 2)) * error
    p = 2 * float(special.stdtr(n - 1, -abs(mean) / error))
    return PairedDifference(mean, mean - width, mean + width, p, n)


def holm(p_values):
    """Returns p-values adjusted so that the chance of any false finding among them stays below the level.

        p'_(i) = max over j ≤ i of min(1, (m − j + 1) · p_(j)),   p sorted upwards

    Reference:
        Holm 1979, "A Simple Sequentially Rejective Multiple Test Procedure".

    Example:

    >>> [round(p, 3) for p in holm([0.01, 0.04, 0.03])]
    [0.03, 0.06, 0.06]
    """
    p_values = np.asarray(p_values, float)
    order = np.argsort(p_values, kind="stable")
    scaled = np.minimum(1.0, (len(p_values) - np.arange(len(p_values))) * p_values[order])
    adjusted = np.empty_like(scaled)
    adjusted[order] = np.maximum.accumulate(scaled)
    return adjusted.tolist()
