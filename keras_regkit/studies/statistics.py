"""Paired differences, their intervals, and the correction for having looked at many."""

import dataclasses
import math

import numpy as np

from keras_regkit._core.extras import require


@dataclasses.dataclass(frozen=True)
class PairedDifference:
    """A variant minus the baseline, seed by seed.

    Args:
        mean: Mean of the differences.
        low, high: Ends of the confidence interval of the mean; NaN with fewer than two pairs.
        p: Two-sided p-value of the paired t-test; 1 with fewer than two pairs.
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
    difference = np.asarray(variant, float) - np.asarray(baseline, float)
    difference = difference[np.isfinite(difference)]
    n = len(difference)
    if n == 0:
        return PairedDifference(math.nan, math.nan, math.nan, 1.0, 0)
    mean = float(difference.mean())
    if n == 1:
        return PairedDifference(mean, math.nan, math.nan, 1.0, 1)
    error = float(difference.std(ddof=1) / math.sqrt(n))
    if error == 0:
        # All seeds agree to the last bit: either nothing changed, or the difference has no noise in it.
        return PairedDifference(mean, mean, mean, 1.0 if mean == 0 else 0.0, n)
    student = require("scipy.stats", extra="studies", purpose="A study's statistics").t(n - 1)
    width = float(student.ppf((1 + confidence) / 2)) * error
    return PairedDifference(mean, mean - width, mean + width, float(2 * student.sf(abs(mean) / error)), n)


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
