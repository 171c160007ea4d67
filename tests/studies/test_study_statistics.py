import itertools
import math

import numpy as np
import pytest
import scipy.stats
from tiny_studies import trial

from keras_regkit import levers
from keras_regkit.studies import Variant
from keras_regkit.studies.design import BASELINE
from keras_regkit.studies.statistics import holm, paired_difference
from keras_regkit.studies.summarize import summarize


@pytest.mark.parametrize("confidence", [0.8, 0.95, 0.99])
def test_paired_difference_is_scipys_paired_t_test(confidence):
    rng = np.random.default_rng(0)
    variant, baseline = rng.normal(1, 2, 7), rng.normal(0, 1, 7)
    ours = paired_difference(variant, baseline, confidence)
    theirs = scipy.stats.ttest_rel(variant, baseline)
    low, high = theirs.confidence_interval(confidence)
    np.testing.assert_allclose(
        [ours.mean, ours.low, ours.high, ours.p], [np.mean(variant - baseline), low, high, theirs.pvalue], rtol=1e-12
    )
    assert ours.pairs == 7


def test_paired_difference_by_hand():
    # d = 1, 2, 6: mean 3, sd² = (4 + 1 + 9) / 2 = 7, error = √(7/3), and t(2 degrees, 0.975) = 4.30265.
    ours = paired_difference([1, 2, 6], [0, 0, 0])
    width = 4.30265 * math.sqrt(7 / 3)
    np.testing.assert_allclose([ours.mean, ours.low, ours.high], [3, 3 - width, 3 + width], rtol=1e-5)
    # With two degrees of freedom the t distribution has a closed form.
    t = 3 / math.sqrt(7 / 3)
    assert ours.p == pytest.approx(1 - t / math.sqrt(2 + t * t))


def test_pairs_with_a_value_that_is_not_finite_are_left_out():
    nan, inf = math.nan, math.inf
    ours = paired_difference([1, nan, 3, inf, 5, inf], [0, 1, nan, 1, 1, inf])
    assert ours == paired_difference([1, 5], [0, 1])
    assert ours.pairs == 2


@pytest.mark.parametrize(("variant", "pairs", "mean"), [([math.nan], 0, math.nan), ([3.0], 1, 2.0), ([], 0, math.nan)])
def test_fewer_than_two_pairs_show_nothing(variant, pairs, mean):
    ours = paired_difference(variant, [1.0] * len(variant))
    assert (ours.pairs, ours.p) == (pairs, 1.0)
    np.testing.assert_equal([ours.mean, ours.low, ours.high], [mean, math.nan, math.nan])


def test_equal_values_are_no_difference():
    ours = paired_difference([0.1, 0.2, 0.3], [0.1, 0.2, 0.3])
    assert (ours.mean, ours.low, ours.high, ours.p) == (0, 0, 0, 1)


@pytest.mark.parametrize("n", [2, 5, 10])
def test_differences_without_noise_are_as_likely_as_equal_signs(n):
    # As accuracies come: float32 fractions, so that the differences of 0.02 are not equal to the last bit.
    baseline = (np.arange(40, 40 + n) / 50).astype("float32").astype(float)
    ours = paired_difference((np.arange(41, 41 + n) / 50).astype("float32"), baseline)
    signs = list(itertools.product([-1, 1], repeat=n))
    assert ours.p == pytest.approx(np.mean([abs(sum(s)) == n for s in signs]))
    assert ours.low == ours.mean == ours.high == pytest.approx(0.02)


def test_holm_by_hand():
    # Sorted: 0.01 · 4, 0.02 · 3, 0.03 · 2, 0.5 · 1; the third may not fall below the second.
    assert holm([0.03, 0.01, 0.5, 0.02]) == pytest.approx([0.06, 0.04, 0.5, 0.06])
    assert holm([0.9, 0.8]) == [1.0, 1.0]
    assert holm([]) == []


def test_holm_is_its_step_down_procedure():
    """Holm 1979 rejects, from the smallest p on, while p_(k) ≤ α / (m − k + 1), and then stops."""

    def rejected(p_values, level):
        found = set()
        for k, i in enumerate(np.argsort(p_values), start=1):
            if p_values[i] > level / (len(p_values) - k + 1):
                break
            found.add(int(i))
        return found

    rng = np.random.default_rng(0)
    for _ in range(200):
        p_values = rng.uniform(size=rng.integers(1, 7)) ** 3
        adjusted = holm(p_values)
        for level in (0.01, 0.05, 0.2, 0.6):
            assert {i for i, p in enumerate(adjusted) if p <= level} == rejected(p_values, level)


def simulated(draw, variants, seeds, confidence=0.95, direction="min"):
    """Summarizes a study in which `draw(variant)` gives the values of all seeds."""
    lever = levers.get("l2")
    plan = (BASELINE, *(Variant(((lever, float(k)),)) for k in range(1, variants + 1)))
    trials = {
        (variant.name, seed): trial(variant.name, seed, value)
        for k, variant in enumerate(plan)
        for seed, value in enumerate(draw(k))
    }
    return summarize(plan, range(seeds), trials, "val_data_loss", direction, confidence)


def false_rate(draw, studies, variants, seeds):
    """Share of studies that find anything in values that do not depend on the variant."""
    verdicts = [{s.verdict for s in simulated(draw, variants, seeds)[1:]} for _ in range(studies)]
    return np.mean([bool(found & {"helps", "hurts"}) for found in verdicts])


def test_nothing_is_found_where_there_is_nothing():
    rng = np.random.default_rng(0)
    studies, seeds = 1500, 5
    shared = rng.normal(size=seeds)  # a hard seed is hard for all: pairing must not be fooled by it
    rate = false_rate(lambda k: shared + rng.normal(size=seeds), studies, variants=4, seeds=seeds)
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("seeds", [2, 5])
def test_nothing_is_found_in_counts_of_few_rows(seeds):
    rng = np.random.default_rng(1)
    studies = 1000
    rate = false_rate(lambda k: rng.binomial(57, 0.95, seeds) / 57, studies, variants=4, seeds=seeds)
    assert rate <= 0.05 + 3 * math.sqrt(0.05 * 0.95 / studies)


@pytest.mark.parametrize("confidence", [0.8, 0.95])
def test_intervals_cover_the_difference_as_often_as_they_say(confidence):
    rng = np.random.default_rng(2)
    studies, shift = 1500, 0.7
    found = [simulated(lambda k: rng.normal(shift * k, 1, 5), 1, 5, confidence)[1] for _ in range(studies)]
    covered = np.mean([s.low <= shift <= s.high for s in found])
    assert covered == pytest.approx(confidence, abs=3 * math.sqrt(confidence * (1 - confidence) / studies))


def test_an_effect_is_found_with_its_direction():
    def draw(k):
        return np.linspace(0, 1, 5) + (1 - k) * np.array([1.0, 1.1, 0.9, 1.05, 0.95])

    assert [s.verdict for s in simulated(draw, 1, 5)] == ["baseline", "helps"]
    assert [s.verdict for s in simulated(draw, 1, 5, direction="max")] == ["baseline", "hurts"]
    summary = simulated(draw, 1, 5)[1]
    assert summary.mean == pytest.approx(0.5)
    assert summary.sd == pytest.approx(np.std(np.linspace(0, 1, 5), ddof=1))
    assert summary.difference == pytest.approx(-1)
    assert (summary.gap, summary.seeds, summary.settings) == (pytest.approx(0.0), 5, {"l2": 1.0})


def verdicts(variant, baseline=(5.0, 6.0, 7.0, 8.0)):
    summary = simulated(lambda k: [baseline, variant][k], 1, len(baseline))[1]
    return summary.verdict, summary.diverged


def test_a_variant_that_diverges_does_not_help():
    nan = math.nan
    assert verdicts((1.0, 2.01, 3.0, 4.02)) == ("helps", 0)
    assert verdicts((1.0, 2.01, 3.0, nan)) == ("no evidence", 1)
    assert verdicts((1.0, nan, nan, nan)) == ("hurts", 3)
    assert verdicts((nan, nan, nan, nan)) == ("hurts", 4)


def test_a_variant_is_not_blamed_where_the_baseline_diverges_too():
    nan = math.nan
    assert verdicts((nan, nan, nan, 1.0), baseline=(nan, nan, nan, 5.0)) == ("no evidence", 3)
    assert verdicts((1.0, 2.0, 3.0, 4.0), baseline=(nan, nan, nan, nan)) == ("no evidence", 0)
