import collections

import numpy as np
import pytest
from scipy import stats

from keras_regkit import levers
from keras_regkit.studies import Space, StrengthRange
from keras_regkit.studies.exclusive import group_of


def drawn(space, number=2000, **options):
    return [{lever.name: s for lever, s in v.settings} for v in Space(space).candidates(number, **options)]


def test_strengths_come_from_where_they_were_said_to():
    found = drawn({"l2": (1e-4, 1e-1, "log"), "dropout": (0.1, 0.5), "max_norm": [1.0, 3.0], "early_stopping": (2, 9)})
    l2, dropout = ([c[name] for c in found if name in c] for name in ("l2", "dropout"))
    log = stats.uniform(-4, 3)
    assert stats.kstest(np.log10(l2), log.cdf).pvalue > 0.001
    assert stats.kstest(dropout, stats.uniform(0.1, 0.4).cdf).pvalue > 0.001
    assert {c["max_norm"] for c in found if "max_norm" in c} == {1.0, 3.0}
    patience = collections.Counter(c["early_stopping"] for c in found if "early_stopping" in c)
    assert sorted(patience) == list(range(2, 10))
    assert all(type(p) is int for p in patience)
    assert stats.chisquare(list(patience.values())).pvalue > 0.001


def test_each_group_takes_part_in_half_of_the_candidates():
    found = drawn({"l2": (1e-4, 1e-1), "weight_decay": (1e-3, 1e-1), "max_norm": (0.01, 100.0, "log")}, 300)
    shrinking = [c for c in found if {"l2", "weight_decay"} & set(c)]
    # Of four equal cases the one in which nothing takes part is drawn again.
    assert stats.binomtest(len(shrinking), 300, 2 / 3).pvalue > 0.001
    assert stats.binomtest(sum("l2" in c for c in shrinking), len(shrinking), 0.5).pvalue > 0.001


def test_levers_that_exclude_each_other_never_meet():
    cards = [name for name in levers.names() if levers.get(name).rewrite or levers.get(name).make_callbacks]
    for candidate in drawn(cards, 300):
        groups = [group_of(levers.get(name)) for name in candidate]
        assert len(set(groups)) == len(groups)
    assert group_of(levers.get("l2")) == group_of(levers.get("weight_decay")) != group_of(levers.get("dropout"))


@pytest.mark.parametrize("name", levers.names())
def test_what_the_cards_say_is_within_their_bounds(name):
    lever = levers.get(name)
    if not (lever.rewrite or lever.make_callbacks):
        with pytest.raises(ValueError, match="is set by hand"):
            Space([name])
        return
    found = {c[name] for c in drawn([name], 100)}
    assert all(lever.check(strength) == strength for strength in found)
    lightest, heaviest = min(lever.strengths), max(lever.strengths)
    assert min(found) <= heaviest
    assert max(found) >= lightest
    if len(found) > len(lever.strengths):
        assert min(found) < lightest < heaviest < max(found)


def test_candidates_of_few_structures_still_differ():
    found = drawn(None, 60, structures=4)
    assert len(found) == 60
    sets = collections.Counter(tuple(c) for c in found)
    assert len(sets) <= 4
    shrunk = collections.defaultdict(set)
    for c in found:
        shrunk[tuple(c)].add(c.get("less_capacity"))
    # A share of units is another model: within a set of levers there are at most the two that were drawn for it.
    assert all(len(shares) <= 2 for shares in shrunk.values())
    assert len({tuple(c.items()) for c in found}) == 60


def test_a_small_space_gives_what_it_has():
    assert sorted(c["max_norm"] for c in drawn({"max_norm": [1.0, 2.0]}, 9)) == [1.0, 2.0]


def test_a_space_loses_levers():
    space = Space(["l2", "dropout"]).without(["l2"])
    assert [lever.name for lever, _ in space.choices] == ["dropout"]


@pytest.mark.parametrize(
    ("space", "error", "message"),
    [
        ({}, ValueError, "`space` must name at least one lever"),
        (["l3"], ValueError, "Unknown lever 'l3'"),
        (["l2", "l2"], ValueError, "names 'l2' more than once"),
        (3, TypeError, "`space` must be a dict"),
        ({"l2": (0.1, 0.01)}, ValueError, r"`space\['l2'\]`: A range must go from low to high"),
        ({"l2": (0.0, 0.1, "log")}, ValueError, "on a log scale must start above 0.*'Off' is always"),
        ({"l2": (0.1, 0.2, "lin")}, ValueError, "Did you mean 'linear'"),
        ({"l2": (0.1,)}, ValueError, r"must be \(low, high\), \(low, high, 'log'\), or a list"),
        ({"l2": []}, ValueError, "must hold at least one strength"),
        ({"l2": ["off", 0.1]}, ValueError, "'off' is always among the choices"),
        ({"dropout": (0.5, 1.0)}, ValueError, "`dropout strength` must be in"),
        ({"early_stopping": (2.5, 4)}, TypeError, "`early_stopping strength` must be an integer"),
        ({"monte_carlo_dropout": [30]}, ValueError, "is set by hand"),
    ],
)
def test_bad_spaces_are_refused(space, error, message):
    with pytest.raises(error, match=message):
        Space(space)


def test_a_range_is_refused_on_its_own_too():
    with pytest.raises(ValueError, match="`scale` must be one of"):
        StrengthRange(0.1, 0.2, "cubic")
    ends = StrengthRange(1, 3, integer=True)
    assert {ends.draw(np.random.default_rng(seed)) for seed in range(40)} == {1, 2, 3}
