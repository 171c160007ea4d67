"""Tail probabilities of the tests that rules use, in NumPy."""

import math

import numpy as np


def kolmogorov_smirnov(a, b):
    """Returns the largest distance D between two distributions, and its p-value.

        Q(λ) = 2 Σ (−1)^(k−1) exp(−2 k² λ²),    λ = (√n + 0.12 + 0.11/√n) D,    n = n₁ n₂ / (n₁ + n₂)

    Args:
        a, b: Arrays of numbers. Ties make the p-value larger than it should be, never smaller.

    Reference: Stephens 1970, "Use of the Kolmogorov-Smirnov ... Statistics Without Extensive Tables".

    >>> kolmogorov_smirnov([1, 2, 3, 4], [1, 2, 3, 4])
    (0.0, 1.0)
    """
    a, b = np.sort(np.asarray(a, float)), np.sort(np.asarray(b, float))
    points = np.concatenate([a, b])
    d = float(np.abs(np.searchsorted(a, points, "right") / len(a) - np.searchsorted(b, points, "right") / len(b)).max())
    n = math.sqrt(len(a) * len(b) / (len(a) + len(b)))
    x = (n + 0.12 + 0.11 / n) * d
    if x < 0.2:  # the series does not converge there, and Q is 1
        return d, 1.0
    k = np.arange(1, 101)
    return d, float(np.clip(2 * np.sum((-1.0) ** (k - 1) * np.exp(-2 * (k * x) ** 2)), 0, 1))


def same_shares(a, b):
    """Returns the p-value of two rows of counts having the same shares, by Pearson's χ².

    Cells that expect fewer than 5 are put together.

    Args:
        a, b: Counts of the same levels.

    >>> round(same_shares([10, 10], [90, 90]), 3)
    1.0
    """
    table = np.array([a, b], float)
    table = table[:, table.sum(0) > 0]
    expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    rare = expected.min(0) < 5
    if rare.any():
        table = np.column_stack([table[:, ~rare], table[:, rare].sum(1)])
        expected = table.sum(1, keepdims=True) * table.sum(0) / table.sum()
    df = table.shape[1] - 1
    if df < 1 or expected.min() < 1:
        return 1.0
    statistic = float(((table - expected) ** 2 / expected).sum())
    return upper_chi_squared(statistic, df)


def upper_chi_squared(x, df):
    """Returns P(X > x) of χ² with `df` degrees of freedom, by its finite sums.

        even:  e^(−x/2) Σ_{k<df/2} (x/2)^k / k!        odd:  erfc(√(x/2)) + e^(−x/2) Σ (x/2)^(k−½) / Γ(k + ½)

    >>> round(upper_chi_squared(3.841459, 1), 5)
    0.05
    """
    half = x / 2
    if half <= 0:
        return 1.0
    shift = 0 if df % 2 == 0 else 0.5
    powers = np.arange(df // 2) + shift
    terms = [math.exp(k * math.log(half) - math.lgamma(k + 1) - half) for k in powers]
    return float(min(1.0, sum(terms) + (math.erfc(math.sqrt(half)) if shift else 0.0)))


def upper_normal(z):
    """Returns P(Z > z) of a standard normal Z."""
    return 0.5 * math.erfc(z / math.sqrt(2))


def upper_binomial(k, n, p):
    """Returns P(X ≥ k) for a binomial X.

    >>> round(upper_binomial(2, 2, 0.5), 3)
    0.25
    """
    if k <= 0:
        return 1.0
    i = np.arange(k, n + 1)
    p = min(max(p, 1e-300), 1 - 1e-16)
    logs = [math.lgamma(n + 1) - math.lgamma(j + 1) - math.lgamma(n - j + 1) for j in i]
    return float(min(1.0, np.exp(np.array(logs) + i * math.log(p) + (n - i) * math.log1p(-p)).sum()))


def stability_index(reference, other, bins=10):
    """Returns the population stability index of `other` against `reference`, in bins of equal counts.

        PSI = Σ (qᵢ − pᵢ) ln(qᵢ / pᵢ)

    By custom, below 0.1 is stable and above 0.25 is another population. Half a row is added to every bin.
    """
    edges = np.unique(np.quantile(reference, np.linspace(0, 1, bins + 1)[1:-1]))
    p, q = (np.bincount(np.searchsorted(edges, x, "right"), minlength=len(edges) + 1) + 0.5 for x in (reference, other))
    p, q = p / p.sum(), q / q.sum()
    return float(((q - p) * np.log(q / p)).sum())
