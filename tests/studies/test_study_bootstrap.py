import itertools
import math
import statistics

import numpy as np
import pytest
import scipy.stats
from synthetic_studies import losses, synthetic

from keras_regkit.studies import bootstrap_difference, paired_difference


def every_t(values):
    """The t statistics of all resamples, in plain Python."""
    mean = statistics.fmean(values)
    for resample in itertools.product(values, repeat=len(values)):
        shift, sd = statistics.fmean(resample) - mean, statistics.stdev(resample)
        yield shift / (sd / math.sqrt(len(values))) if sd else math.copysign(math.inf, shift)


@pytest.mark.parametrize("method", ["studentized", "symmetric"])
def test_few_pairs_are_resampled_in_every_way(method):
    values, confidence = [0.3, -0.1, 0.9, 0.25, 0.4], 0.9
    mean, error = statistics.fmean(values), statistics.stdev(values) / math.sqrt(5)
    t = sorted(every_t(values))
    if method == "symmetric":
        high = sorted(map(abs, t))[math.ceil(confidence * (len(t) - 1))]
        expected = mean - high * error, mean + high * error
    else:
        last = len(t) - 1
        expected = mean - t[math.ceil(0.95 * last)] * error, mean - t[math.floor(0.05 * last)] * error
    ours = bootstrap_difference(values, [0.0] * 5, confidence, method=method)
    assert (ours.low, ours.high) == pytest.approx(expected)
    assert (ours.mean, ours.pairs, ours.method) == (pytest.approx(mean), 5, method)


def test_bca_is_scipys():
    rng = np.random.default_rng(0)
    values = rng.exponential(size=40)
    ours = bootstrap_difference(values, np.zeros(40), method="bca", resamples=20_000)
    theirs = scipy.stats.bootstrap((values,), np.mean, n_resamples=20_000, method="BCa").confidence_interval
    width = theirs.high - theirs.low
    np.testing.assert_allclose([ours.low, ours.high], [theirs.low, theirs.high], atol=0.03 * width)


def test_many_rows_agree_with_the_t_interval():
    rng = np.random.default_rng(0)
    variant, baseline = rng.normal(0.1, 1, 3000), rng.normal(0, 1, 3000)
    t = paired_difference(variant, baseline)
    for method in ("studentized", "symmetric", "bca"):
        ours = bootstrap_difference(variant, baseline, method=method, resamples=1999)
        np.testing.assert_allclose([ours.low, ours.high], [t.low, t.high], atol=0.08 * (t.high - t.low))


def test_skewed_differences_are_covered_where_the_t_interval_falls_short():
    rng = np.random.default_rng(0)
    studies, covered = 400, np.zeros(2)
    for _ in range(studies):
        values = rng.exponential(size=5) - 1
        ours, t = bootstrap_difference(values, np.zeros(5)), paired_difference(values, np.zeros(5))
        covered += [d.low <= 0 <= d.high for d in (ours, t)]
    bootstrap, t = covered / studies
    assert t < 0.92
    assert bootstrap == pytest.approx(0.95, abs=0.03)


def test_equal_arguments_give_equal_ends():
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, 12))
    assert bootstrap_difference(*values) == bootstrap_difference(*values)
    assert bootstrap_difference(*values) != bootstrap_difference(*values, seed=1)


def test_differences_that_are_all_alike_have_no_width():
    ours = bootstrap_difference([2.0] * 5, [1.5] * 5)
    assert ours.low == ours.mean == ours.high == 0.5


@pytest.mark.parametrize(("method", "pairs"), [("studentized", 4), ("bca", 10)])
def test_too_few_pairs_are_refused(method, pairs):
    values = np.append(np.arange(pairs - 1.0), math.nan)
    with pytest.raises(ValueError, match=f"at least {pairs} pairs.*Received: {pairs - 1}. Use `paired_difference`"):
        bootstrap_difference(values, np.zeros(pairs), method=method)


def test_a_study_gives_the_interval_of_its_trials():
    values = losses(np.random.default_rng(0), [-1.0], 6)
    result = synthetic(values, confidence=0.9)
    assert result.bootstrap("l2=1") == bootstrap_difference(values[1], values[0], 0.9)
    with pytest.raises(KeyError, match="No variant 'l3'"):
        result.bootstrap("l3")
