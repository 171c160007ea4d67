import numpy as np
import pytest
import scipy.stats

from keras_regkit.studies import detectable, power, seeds_needed


@pytest.mark.parametrize(("n", "effect", "comparisons"), [(5, 0.03, 1), (5, -0.03, 6), (30, 0.01, 2), (2, 0.2, 1)])
def test_power_is_the_noncentral_t(n, effect, comparisons):
    sd, level = 0.02, 0.1
    t = scipy.stats.t.isf(level / comparisons / 2, n - 1)
    centre = np.sqrt(n) * abs(effect) / sd
    # Given the spread s of the seeds, the mean is normal: integrated over the distribution of s.
    s = np.sqrt(scipy.stats.chi2.ppf((np.arange(20000) + 0.5) / 20000, n - 1) / (n - 1))
    normal = scipy.stats.norm
    expected = np.mean(normal.sf(t * s - centre) + normal.cdf(-t * s - centre))
    assert power(sd, n, effect, level, comparisons) == pytest.approx(expected, abs=1e-5)


def test_power_against_cohens_table():
    # The paired t-test: Cohen 1988, chapter 2, by G*Power: dz = 0.5, two-sided 0.05, 34 pairs for 80%.
    assert seeds_needed(sd=1, effect=0.5) == 34
    assert seeds_needed(sd=1, effect=0.8) == 15
    assert power(sd=1, n=34, effect=0.5) == pytest.approx(0.8078, abs=1e-4)


def test_power_without_an_effect_is_the_level():
    assert power(sd=1, n=5, effect=0, level=0.05) == pytest.approx(0.05)
    assert power(sd=1, n=5, effect=0, level=0.05, comparisons=5) == pytest.approx(0.01)


def test_power_of_an_enormous_effect_is_one():
    assert power(sd=1e-6, n=5, effect=1.0) == 1.0
    assert power(sd=1e-9, n=2, effect=1.0, comparisons=50) == pytest.approx(1.0)


def test_power_grows_with_seeds_and_effect():
    """Also where the series of the noncentral t are at their end."""
    effects = np.geomspace(1e-3, 1e4, 60)
    for comparisons in (1, 8, 1000):
        curves = np.array([[power(1, n, e, comparisons=comparisons) for e in effects] for n in (2, 3, 5, 20, 300)])
        assert np.isfinite(curves).all()
        assert (np.diff(curves, axis=1) >= -1e-9).all()
        assert (np.diff(curves, axis=0) >= -1e-9).all()
        assert curves[0, -1] > 0.3


@pytest.mark.parametrize("comparisons", [1, 8])
def test_what_is_detectable_has_the_wanted_power(comparisons):
    shown = detectable(sd=0.02, n=5, chance=0.9, comparisons=comparisons)
    assert power(0.02, 5, shown, comparisons=comparisons) == pytest.approx(0.9)
    n = seeds_needed(0.02, shown / 2, chance=0.9, comparisons=comparisons)
    assert power(0.02, n - 1, shown / 2, comparisons=comparisons) < 0.9
    assert power(0.02, n, shown / 2, comparisons=comparisons) >= 0.9


@pytest.mark.parametrize(
    ("function", "arguments", "message"),
    [
        (power, {"sd": 0, "n": 5, "effect": 1}, "`sd`.*Received: 0"),
        (power, {"sd": 1, "n": 1, "effect": 1}, "`n`.*Received: 1"),
        (detectable, {"sd": 1, "n": 5, "chance": 0.05}, "`chance` must be above `level`"),
        (seeds_needed, {"sd": 1, "effect": 0}, "`effect` is too small"),
    ],
)
def test_what_makes_no_sense_is_refused(function, arguments, message):
    with pytest.raises(ValueError, match=message):
        function(**arguments)
