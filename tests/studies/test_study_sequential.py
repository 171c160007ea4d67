import math

import numpy as np
import pytest
import scipy.stats
from synthetic_studies import losses, synthetic

from keras_regkit.studies import SequentialTest, paired_difference, run_sequentially
from keras_regkit.studies.sequential import look_levels


def t_of(values):
    return values.mean(axis=1) / values.std(axis=1, ddof=1) * math.sqrt(values.shape[1])


@pytest.mark.parametrize("spending", ["pocock", "obrien_fleming"])
@pytest.mark.parametrize(("looks", "level"), [((5, 10, 15, 20), 0.05), ((3, 6), 0.02), (tuple(range(4, 13)), 0.05)])
def test_the_level_is_kept_over_all_looks(spending, looks, level):
    studies = 100_000
    values = np.random.default_rng(11).normal(size=(studies, looks[-1]))
    found, naive = np.zeros(studies, bool), np.zeros(studies, bool)
    for n, allowed in zip(looks, look_levels(looks, level, spending), strict=True):
        p = 2 * scipy.stats.t.sf(np.abs(t_of(values[:, :n])), n - 1)
        found |= p <= allowed
        naive |= p <= level
    assert found.mean() == pytest.approx(level, abs=3 * math.sqrt(level / studies) + 0.01 * level)
    assert naive.mean() > 1.3 * level


def test_pococks_levels_are_nearly_constant_and_obriens_grow():
    looks = (250, 500, 750, 1000)
    pocock, obrien = look_levels(looks, 0.05, "pocock"), look_levels(looks, 0.05, "obrien_fleming")
    np.testing.assert_allclose(pocock, 0.0182, atol=0.003)  # Pocock's own constant for four equal looks
    # For these looks and many values the published bounds on |z| are 4.333, 2.963, 2.359 and 2.014.
    np.testing.assert_allclose(obrien[1:], [3.05e-3, 0.0183, 0.0440], rtol=0.03)
    assert obrien[0] == pytest.approx(1.5e-5, rel=0.1)


def test_one_look_is_the_t_test():
    test = SequentialTest([6], level=0.05)
    values = np.random.default_rng(0).normal(0.5, 1, 6)
    look, d = test.update(values), paired_difference(values, np.zeros(6))
    assert (look.mean, look.p) == (d.mean, d.p)
    assert (look.low, look.high) == pytest.approx((d.low, d.high))
    assert look.level == pytest.approx(0.05)


def test_a_test_goes_on_until_it_finds_or_ends():
    test = SequentialTest([3, 6, 9])
    assert test.update([0.1, -0.2]).outcome == "go on"
    assert math.isnan(test.update([]).low)
    assert test.update([0.05]).outcome == "go on"
    assert test.update([1.0, 1.1, 0.9]).seeds == 6
    assert test.update([-0.9, -1.0, -1.2]).outcome == "no evidence"


def test_a_finding_stays():
    test = SequentialTest([4, 8])
    assert test.update([1.0, 1.1, 1.05, 0.95]).outcome == "difference"
    assert test.update([-1.0, -1.1, -1.05, -0.95]).outcome == "difference"


@pytest.mark.parametrize(
    ("first", "then", "message"), [(0, 5, "A look is planned at 3 seeds"), (3, 4, "planned at 6 seeds. Received: 7")]
)
def test_looks_that_were_not_planned_are_refused(first, then, message):
    test = SequentialTest([3, 6])
    test.update(np.arange(first))
    with pytest.raises(ValueError, match=message):
        test.update(np.arange(then))


@pytest.mark.parametrize("looks", [[], [5, 5], [10, 5], [1, 5]])
def test_looks_must_ascend(looks):
    with pytest.raises(ValueError, match="`looks` must be"):
        SequentialTest(looks)


def studies_of(seed, effects, most=20):
    """Returns a `run` function over one table of losses, as a store gives it: the earlier seeds stay."""
    values = losses(np.random.default_rng(seed), effects, most)
    return lambda seeds: synthetic(values[:, :seeds])


def test_looking_early_finds_nothing_where_there_is_nothing():
    studies = 200
    wrong, seeds = 0, []
    for seed in range(studies):
        found = run_sequentially(studies_of(seed, [0] * 3))
        wrong += bool({"helps", "hurts"} & set(found.verdicts.values()))
        seeds.append(found.seeds)
    assert wrong / studies <= 0.05 + 2 * math.sqrt(0.05 * 0.95 / studies)
    assert np.mean(seeds) < 20  # what has no chance left is given up


def test_large_effects_end_a_study_early():
    found = run_sequentially(studies_of(0, [-4.0, 4.0]))
    assert found.verdicts == {"l2=1": "helps", "l2=2": "hurts"}
    assert (found.seeds, found.looks, found.planned) == (5, (5,), 20)
    look = found.decided["l2=1"]
    assert look.low < look.mean < look.high < 0
    text = str(found)
    assert "5 of at most 20 seeds: every variant is decided." in text
    assert max(map(len, text.splitlines())) <= 110


def test_a_finding_leaves_its_level_to_the_others():
    """Holm: with one of two found, the other is tested at the whole level, at the same look and before it in order."""
    baseline = np.array([5.0, 6.0, 7.0, 8.0, 9.0])
    weak = np.array([-1.0, -0.4, -1.6, -1.3, -0.3])
    p = paired_difference(weak, np.zeros(5)).p
    half, whole = (look_levels((5, 10), level, "pocock")[0] for level in (0.025, 0.05))
    assert half < p < whole
    strong = np.array([-3.0, -3.1, -2.9, -3.05, -2.95])

    def run(other):
        values = np.tile(np.array([baseline, baseline + weak, baseline + other]), 2)
        return lambda seeds: synthetic(values[:, :seeds])

    alone = run_sequentially(run(np.array([0.1, -0.2, 0.1, 0.05, -0.1])), looks=(5, 10))
    assert alone.decided["l2=1"].seeds == 10
    assert run_sequentially(run(strong), looks=(5, 10)).decided["l2=1"].seeds == 5


def test_the_first_that_helps_can_be_enough():
    run = studies_of(0, [-4.0, -0.6])
    found = run_sequentially(run, until="helps", futility=0)
    assert found.seeds == 5
    assert found.verdicts == {"l2=1": "helps", "l2=2": "no evidence"}
    assert found.reason == "a variant is shown to help."
    assert found.decided["l2=2"].outcome == "go on"
    assert run_sequentially(run, futility=0).seeds > 5


def test_a_variant_that_diverges_hurts():
    values = losses(np.random.default_rng(0), [0.0], 10)
    values[1, :4] = math.nan
    found = run_sequentially(lambda seeds: synthetic(values[:, :seeds]), looks=(5, 10))
    assert found.verdicts == {"l2=1": "hurts"}
    assert found.decided["l2=1"].outcome == "diverged"


def test_a_run_must_give_the_seeds_asked_for():
    result = synthetic(losses(np.random.default_rng(0), [0.0], 4))
    with pytest.raises(ValueError, match=r"`run\(5\)` must return trials of 5 seeds. It returned 4"):
        run_sequentially(lambda seeds: result)
    with pytest.raises(TypeError, match="`run` must be a function"):
        run_sequentially(result)
    with pytest.raises(TypeError, match="`run` must return a StudyResult"):
        run_sequentially(lambda seeds: None)
