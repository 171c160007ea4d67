import math

import numpy as np
import pytest
import scipy.stats
from synthetic_studies import losses, synthetic

from keras_regkit.studies import corrected_difference, paired_difference, practical_gain


def test_probabilities_are_those_of_the_posterior():
    """Drawn the long way: σ² from its inverse χ², then the mean given σ."""
    d = paired_difference([0.30, 0.29, 0.33, 0.31], [0.33, 0.33, 0.34, 0.32])
    ours = practical_gain(d, rope=0.02)
    rng = np.random.default_rng(0)
    size = 400_000
    sigma = np.sqrt(3 * d.error**2 * 4 / rng.chisquare(3, size))
    mean = rng.normal(d.mean, sigma / 2)
    drawn = [np.mean(mean < -0.02), np.mean(np.abs(mean) <= 0.02), np.mean(mean > 0.02)]
    np.testing.assert_allclose([ours.gain, ours.same, ours.loss], drawn, atol=3e-3)
    assert ours.gain + ours.same + ours.loss == pytest.approx(1)


def test_correlated_splits_are_less_certain():
    """The Bayesian correlated t-test of Benavoli et al. 2017, equation 7: ρ = test share of all rows."""
    rng = np.random.default_rng(0)
    x = rng.normal(-0.02, 0.02, 10)
    ours = practical_gain(corrected_difference(x, np.zeros(10), 90, 10), rope=0.01, direction="min")
    rho = 1 / 10
    scale = math.sqrt((1 / 10 + rho / (1 - rho)) * x.var(ddof=1))
    posterior = scipy.stats.t(9, loc=x.mean(), scale=scale)
    np.testing.assert_allclose([ours.gain, ours.loss], [posterior.cdf(-0.01), posterior.sf(0.01)], rtol=1e-9)


def test_direction_says_what_a_gain_is():
    d = paired_difference([3.0, 3.1, 3.3], [2.0, 2.2, 2.1])
    low, high = practical_gain(d, 0.5, "min"), practical_gain(d, 0.5, "max")
    assert (low.gain, low.loss) == pytest.approx((high.loss, high.gain))
    assert high.gain > 0.9


@pytest.mark.parametrize(("shift", "kind"), [(-0.5, "gain"), (0.5, "loss"), (0.05, "practically the same")])
def test_equal_differences_are_as_sure_as_equal_signs(shift, kind):
    baseline = np.arange(6) / 8
    found = practical_gain(paired_difference(baseline + shift, baseline), rope=0.1)
    chances = {"gain": found.gain, "practically the same": found.same, "loss": found.loss}
    assert chances.pop(kind) == 1 - 2**-6
    assert set(chances.values()) == {2**-7}
    assert found.outcome == kind


def test_one_pair_says_nothing():
    found = practical_gain(paired_difference([1.0], [2.0]), rope=0.1)
    assert math.isnan(found.gain)
    assert found.outcome == "undecided"


def test_a_region_below_zero_is_refused():
    with pytest.raises(ValueError, match=r"`rope`.*Received: -0.1"):
        practical_gain(paired_difference([1.0, 2.0], [2.0, 2.0]), rope=-0.1)


def test_a_study_gives_a_table():
    values = losses(np.random.default_rng(0), [-3.0, 0.0], 8)
    table = synthetic(values).practical(rope=0.5)
    assert [row.name for row in table.rows] == ["l2=1", "l2=2"]
    assert table["l2=1"].outcome == "gain"
    assert table["l2=1"] == practical_gain(paired_difference(values[1], values[0]), 0.5, "min", "l2=1")
    assert table["l2=2"].gain < 0.5
    lines = str(table).splitlines()
    assert max(map(len, lines)) <= 110
    assert "gain > 0.5" in lines[2]
    with pytest.raises(KeyError, match="No variant 'l3'"):
        table["l3"]
