"""Differences over the folds of a cross-validation, which are correlated."""

import math

import numpy as np
import pytest
import scipy.stats

from keras_regkit.studies.statistics import corrected_difference, paired_difference


def test_corrected_difference_is_the_t_test_with_a_wider_error():
    rng = np.random.default_rng(0)
    variant, baseline = rng.normal(1, 2, 10), rng.normal(0, 1, 10)
    ours = corrected_difference(variant, baseline, train_rows=90, test_rows=10, confidence=0.9)
    d = variant - baseline
    error = math.sqrt((1 / 10 + 1 / 9) * d.var(ddof=1))
    low, high = scipy.stats.t.interval(0.9, df=9, loc=d.mean(), scale=error)
    p = 2 * scipy.stats.t.sf(abs(d.mean()) / error, df=9)
    np.testing.assert_allclose([ours.mean, ours.low, ours.high, ours.p], [d.mean(), low, high, p], rtol=1e-12)
    assert ours.pairs == 10


def test_rows_may_differ_between_splits():
    ours = corrected_difference([1, 2, 4], [0, 0, 0], train_rows=[6, 6, 8], test_rows=[4, 4, 2])
    share = (4 / 6 + 4 / 6 + 2 / 8) / 3
    plain = paired_difference([1, 2, 4], [0, 0, 0])
    assert (ours.high - ours.low) / (plain.high - plain.low) == pytest.approx(math.sqrt((1 / 3 + share) * 3))


def losses_on_random_splits(rng, rows=60, splits=15):
    """Two lines that are equally good: fitted to one feature, and to another one that says as much."""
    x = rng.normal(size=(rows, 2))
    y = x.sum(axis=1) + rng.normal(size=rows)
    for _ in range(splits):
        order = rng.permutation(rows)
        test, train = order[: rows // 3], order[rows // 3 :]
        slopes = x[train].T @ y[train] / (x[train] ** 2).sum(axis=0)
        yield ((y[test, None] - x[test] * slopes) ** 2).mean(axis=0)


def test_equal_models_are_found_different_by_the_plain_test():
    rng = np.random.default_rng(0)
    studies = 600
    plain, corrected = 0, 0
    for _ in range(studies):
        variant, baseline = np.transpose(list(losses_on_random_splits(rng)))
        plain += paired_difference(variant, baseline).p < 0.05
        corrected += corrected_difference(variant, baseline, 40, 20).p < 0.05
    assert plain / studies > 0.3
    assert corrected / studies <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)


def test_equal_differences_count_as_fewer_when_they_are_correlated():
    ours = corrected_difference([2.0] * 10, [1.0] * 10, train_rows=90, test_rows=10)
    assert ours.low == ours.mean == ours.high == 1
    assert ours.p == pytest.approx(2 ** (1 - 1 / (1 / 10 + 1 / 9)))
    assert corrected_difference([2.0] * 2, [1.0] * 2, train_rows=1, test_rows=9).p == 1.0


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"variant": [1, 2, 3]}, "same length.*\\(3,\\) and \\(2,\\)"),
        ({"train_rows": 0}, "`train_rows`.*Received: 0"),
        ({"test_rows": [1, 2, 3]}, "each of the 2 splits. Received: 3"),
        ({"confidence": 1.0}, "`confidence`.*Received: 1.0"),
    ],
)
def test_what_cannot_be_compared_is_named(wrong, message):
    with pytest.raises(ValueError, match=message):
        corrected_difference(
            **{"variant": [1.0, 2.0], "baseline": [0.0, 0.0], "train_rows": 9, "test_rows": 1, **wrong}
        )
