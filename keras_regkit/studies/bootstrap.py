"""Intervals of a mean difference by resampling, for differences that are far from normal."""

import dataclasses

import numpy as np

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.extras import require
from keras_regkit._core.types import Array
from keras_regkit.studies.statistics import finite_pairs

_FEWEST = {"studentized": 4, "symmetric": 4, "bca": 10}
_AT_ONCE = 2_000_000
_RANGES = {
    "confidence": Interval(0, 1, closed="neither"),
    "method": OneOf(*_FEWEST),
    "resamples": Interval(99, integer=True),
    "seed": Interval(0, integer=True),
}


@dataclasses.dataclass(frozen=True)
class BootstrapInterval:
    """A mean difference with an interval by resampling.

    Args:
        mean: Mean of variant − baseline.
        low, high: Ends of the interval of the mean.
        method: How the interval was made.
        pairs: Number of pairs with two finite values.

    Example:

    >>> interval = BootstrapInterval(-0.05, -0.09, -0.02, "studentized", 5)
    >>> interval.low < interval.mean < interval.high
    True
    """

    mean: float
    low: float
    high: float
    method: str
    pairs: int


def bootstrap_difference(
    variant: Array,
    baseline: Array,
    confidence: float = 0.95,
    *,
    method: str = "studentized",
    resamples: int = 9999,
    seed: int = 0,
) -> BootstrapInterval:
    """Returns an interval of the mean of `variant − baseline`, paired by position, by resampling the pairs.

    The t interval of `paired_difference` is the default of a study, and the right one for few seeds: see the table of
    coverages in the documentation's benchmarks. Use this one for skewed differences (a lever that now and then fails
    badly), or for differences over the rows of a test set.

        studentized    [mean − q(1−a) · s/√n,  mean − q(a) · s/√n]      q: quantiles of t* = (mean* − mean) / (s*/√n)
        symmetric      mean ± c · s/√n                                  c: quantile 1 − 2a of |t*|
        bca            quantiles of mean*, corrected for bias and acceleration        with a = (1 − confidence) / 2

    With few pairs `bca` is too short (at ten it holds 86 to 90% where 95% was asked for, and less below), so that it is
    refused below ten. With four to seven pairs every possible resample is weighed once, and chance has no part.

    Args:
        variant, baseline: Values in the same order. Pairs with a value that is not finite are left out.
        confidence: Level of the interval, in (0, 1). Defaults to 0.95.
        method: `"studentized"`, `"symmetric"` or `"bca"`. Defaults to `"studentized"`.
        resamples: Number of resamples, ≥ 99. Defaults to 9999.
        seed: Seed of the resampling. Defaults to 0.

    Returns:
        A `BootstrapInterval`; the ends are the mean where all differences are alike.

    Raises:
        ValueError, TypeError: fewer pairs than the method can do with, lists of different lengths, or a number out of
            range.

    Reference:
        Efron 1987, "Better Bootstrap Confidence Intervals"; Hall 1988, "On Symmetric Bootstrap Confidence Intervals".

    Example:

    >>> d = bootstrap_difference([1.0, 2.1, 3.0, 3.9, 5.2], [2.0, 3.0, 4.2, 5.0, 6.1])
    >>> round(d.mean, 2), round(d.low, 2), round(d.high, 2)
    (-1.02, -1.31, -0.86)
    """
    check_arguments(_RANGES, confidence=confidence, method=method, resamples=resamples, seed=seed)
    difference = np.subtract(*finite_pairs(variant, baseline))
    n = len(difference)
    if n < _FEWEST[method]:
        raise ValueError(
            f"`method`={method!r} needs at least {_FEWEST[method]} pairs of finite values. Received: {n}. Use "
            "`paired_difference`, whose t interval needs two"
        )
    mean, sd = float(difference.mean()), float(difference.std(ddof=1))
    if sd <= 1e-12 * np.abs(difference).max():
        return BootstrapInterval(mean, mean, mean, method, n)
    scaled = (difference - mean) / sd
    means, sds = _resampled(scaled, resamples, np.random.default_rng(seed))
    tail = (1 - confidence) / 2
    if method == "bca":
        low, high = np.quantile(means, _bca_levels(scaled, means, tail))
    else:
        with np.errstate(divide="ignore"):
            # A resample of one and the same difference has no spread: it lies infinitely far out.
            t = np.divide(means, sds, out=np.copysign(np.inf, means), where=sds > 1e-9)
        if method == "symmetric":
            high = np.quantile(np.abs(t), confidence, method="higher")
            low = -high
        else:
            low, high = -np.quantile(t, 1 - tail, method="higher"), -np.quantile(t, tail, method="lower")
    return BootstrapInterval(mean, mean + sd * float(low), mean + sd * float(high), method, n)


def _resampled(values, resamples, rng):
    """Returns means, and standard deviations (n − 1), of resamples: of all there are, where they are few enough."""
    n = len(values)
    if n**n <= _AT_ONCE:
        rows = np.indices((n,) * n).reshape(n, -1).T
        batches = [values[rows]]
    else:
        size = max(1, _AT_ONCE // n)
        counts = [min(size, resamples - start) for start in range(0, resamples, size)]
        batches = (values[rng.integers(n, size=(count, n))] for count in counts)
    parts = [(batch.mean(axis=1), batch.std(axis=1, ddof=1)) for batch in batches]
    return (np.concatenate(p) for p in zip(*parts, strict=True))


def _bca_levels(values, means, tail):
    """The two quantile levels of Efron's BCa, with the acceleration by the jackknife; the values' mean is 0."""
    special = require("scipy.special", extra="studies", purpose="A study's statistics")
    bias = special.ndtri(((means < 0).mean() + (means <= 0).mean()) / 2)
    # Leaving out value i moves the mean by −value_i / (n − 1).
    acceleration = (values**3).sum() / (6 * (values**2).sum() ** 1.5)
    z = bias + special.ndtri([tail, 1 - tail])
    return special.ndtr(bias + z / (1 - acceleration * z))
