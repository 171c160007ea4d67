import importlib
import itertools
import json
import math

import numpy as np
import pytest
from made_up_engine import MadeUpEngine
from scipy import stats
from tiny_studies import regressor, table

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.studies import Space, search
from keras_regkit.studies.rungs import rungs

engines = importlib.import_module("keras_regkit.studies.engines")

SPACE = {"l2": (1e-4, 1e-1, "log"), "dropout": (0.1, 0.6), "max_norm": [1.0, 2.0]}


def bowl(settings, epochs):
    """Best at l2 = 0.01 with dropout = 0.3; a lever that is off costs, and so do epochs that were not trained."""
    l2 = abs(math.log10(settings["l2"]) + 2) if "l2" in settings else 3.0
    dropout = abs(settings["dropout"] - 0.3) * 5 if "dropout" in settings else 3.0
    return 1 + l2 + dropout + ("max_norm" in settings) + 5 / epochs


def find(engine, space=SPACE, **changes):
    arguments = {"trials": 30, "epochs": 27, "seeds": 2, "fresh_seeds": 3, "structures": None, "verbose": 0, **changes}
    return search(regressor, space, train=table(), validation=table(seed=1), engine=engine, **arguments)


@pytest.fixture(scope="module")
def halved():
    engine = MadeUpEngine(bowl, noise=0.01)
    return find(engine, method="halving", min_epochs=3), engine


def test_random_search_finds_the_best_of_its_candidates():
    engine = MadeUpEngine(bowl)
    found = find(engine)
    assert len(found.candidates) == 30
    levels = {c.name: bowl(c.settings, 27) for c in found.candidates}
    assert found.best == min(levels, key=levels.get)
    assert [c.mean for c in found.candidates] == sorted(levels.values())
    assert set(found.settings) == {"l2", "dropout"}
    # One plan for all candidates and seeds, one for the finalists, one for the estimate.
    assert [len(plan) for plan in engine.plans] == [31 * 2, 4 * 3, 2 * 3]


def test_halving_goes_up_its_rungs(halved):
    found, engine = halved
    assert [(r.epochs, r.candidates) for r in found.rungs] == [(3, 30), (9, 10), (27, 4)]
    assert [{epochs for *_, epochs in plan} for plan in engine.plans] == [{3}, {9}, {27}, {27}, {27}]
    names = [c.name for c in found.candidates]
    assert len(set(names)) == 30
    assert [c.rung for c in found.candidates] == [3] * 4 + [2] * 6 + [1] * 20
    # Without much noise, what goes on is what is best.
    assert set(found.rungs[0].kept) == set(sorted(names, key=lambda n: bowl(settings(found, n), 27))[:10])


def settings(found, name):
    return next(c.settings for c in found.candidates if c.name == name)


def test_no_seed_serves_two_purposes(halved):
    _, engine = halved
    seeds = [{seed for _, seed, _ in plan} for plan in engine.plans]
    assert seeds[:3] == [{0, 1}] * 3
    searched, chosen, estimated = seeds[2:]
    assert (len(chosen), len(estimated)) == (3, 3)
    assert len(searched | chosen | estimated) == 8


def test_the_estimate_is_honest_where_the_choice_flatters():
    # No lever does anything: whatever looks best was lucky.
    flattered, honest = [], []
    engine = MadeUpEngine(lambda settings, epochs: 1.0, noise=0.1)
    for draw in range(16):
        engine.salt = draw
        found = find(engine, {"max_norm": (1.0, 2.0)}, trials=20, epochs=1, draw=draw)
        if not found.settings:
            continue
        flattered.append(settings_mean(found) - 1.0)
        honest.append(found.honest.mean - 1.0)
    assert len(honest) > 8
    assert np.mean(flattered) < -0.05
    assert stats.ttest_1samp(flattered, 0).pvalue < 1e-4
    assert abs(np.mean(honest)) < 3 * np.std(honest, ddof=1) / math.sqrt(len(honest))


def settings_mean(found):
    return next(c.mean for c in found.candidates if c.name == found.best)


def test_a_search_that_beats_nothing_keeps_the_model_as_built():
    found = find(MadeUpEngine(lambda settings, epochs: float(bool(settings))))
    assert found.best == "baseline"
    assert found.settings == {}
    assert "No combination beat the model as built" in str(found)


def test_higher_can_be_better():
    found = search(
        regressor, SPACE, train=table(), validation=table(seed=1), trials=5, epochs=2, fresh_seeds=2, verbose=0,
        engine=MadeUpEngine(lambda s, e: float(len(s))), mode="max",
    )  # fmt: skip
    assert len(found.settings) == max(len(c.settings) for c in found.candidates)


def test_what_diverges_is_never_a_finalist():
    def level(settings, epochs):
        return math.nan if "l2" in settings else bowl(settings, epochs)

    found = find(MadeUpEngine(level), method="halving", min_epochs=3)
    assert "l2" not in found.settings
    assert found.settings
    assert [c for c in found.candidates if c.diverged]
    last = max(i for i, c in enumerate(found.candidates) if not c.diverged and c.rung == 1)
    assert all(c.diverged == 0 for c in found.candidates[:last])


def test_everything_is_repeatable_and_another_draw_is_another_search():
    first, again, other = (find(MadeUpEngine(bowl), draw=draw, trials=5) for draw in (0, 0, 1))
    assert [c.name for c in first.candidates] == [c.name for c in again.candidates]
    assert {c.name for c in first.candidates} != {c.name for c in other.candidates}


def test_an_interrupted_search_goes_on(tmp_path):
    class Killed(MadeUpEngine):
        def run(self, setup, plan):
            for count, trial in enumerate(super().run(setup, plan)):
                if setup.epochs == 9 and count == 5:
                    raise KeyboardInterrupt
                yield trial

    arguments = {"method": "halving", "min_epochs": 3, "store": tmp_path}
    with pytest.raises(KeyboardInterrupt, match="finished trials are kept"):
        find(Killed(bowl), **arguments)
    engine = MadeUpEngine(bowl)
    found = find(engine, **arguments)
    assert [len(plan) for plan in engine.plans] == [22 - 5, 10, 12, 6]  # nothing of the first rung
    assert found.best == find(MadeUpEngine(bowl), method="halving", min_epochs=3).best
    record = json.loads((tmp_path / "search.json").read_text())
    assert record["best"] == found.best
    assert record["candidates"][0]["name"] == found.candidates[0].name
    repeated = MadeUpEngine(bowl)
    assert find(repeated, **arguments).best == found.best
    assert repeated.plans == []


def test_the_record_prints(halved):
    text = str(halved[0])
    assert "30 combinations" in text
    assert "30 × 3 epochs, 10 × 9 epochs, 4 × 27 epochs" in text
    assert "... and 20 more" in text
    assert f"Best: {halved[0].best}. From 3 seeds that no choice has seen" in text


def test_levers_that_do_nothing_here_are_left_out_with_a_warning():
    with pytest.warns(NoEffectWarning, match=r"Left out of the space: 'label_smoothing'.*cross-entropy"):
        found = find(MadeUpEngine(bowl), {**SPACE, "label_smoothing": [0.1]}, trials=4)
    assert not any("label_smoothing" in c.settings for c in found.candidates)
    assert "label_smoothing: " in found.notes[0]
    with pytest.raises(ValueError, match=r"`space` holds no lever that .* can take. 'label_smoothing'"):
        find(MadeUpEngine(bowl), {"label_smoothing": [0.1]})


def test_the_default_space_leaves_out_in_silence(recwarn):
    found = find(MadeUpEngine(bowl), None, trials=4)
    assert any(note.startswith("label_smoothing: ") for note in found.notes)
    assert not [w for w in recwarn.list if w.category is NoEffectWarning]


def test_a_small_space_is_searched_once():
    found = find(MadeUpEngine(bowl), {"max_norm": [1.0, 2.0]})
    assert {c.name for c in found.candidates} == {"max_norm=1", "max_norm=2"}


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"method": "grid"}, ValueError, "`method` must be one of"),
        ({"trials": 0}, ValueError, "`trials` must be in"),
        ({"finalists": 0}, ValueError, "`finalists` must be in"),
        ({"factor": 1}, ValueError, "`factor` must be in"),
        ({"fresh_seeds": 1}, ValueError, "`fresh_seeds` must be in"),
        ({"structures": 0}, ValueError, "`structures` must be in"),
        ({"levers": ["l2"]}, TypeError, "`levers` is decided by the search"),
        ({"metric": "gap", "test": table()}, ValueError, "`metric` must be one of validation data"),
    ],
)
def test_bad_arguments_are_refused(arguments, error, message):
    engine = MadeUpEngine(bowl)
    with pytest.raises(error, match=message):
        find(engine, **arguments)
    assert not engine.plans


@pytest.mark.parametrize(("trials", "epochs"), [(1, 1), (60, 50), (100, 81), (7, 200)])
def test_rungs_shrink_and_end_with_all_epochs(trials, epochs):
    plan = rungs("halving", trials, epochs)
    assert plan[0][1] == trials
    assert plan[-1][0] == epochs
    assert all(a[0] < b[0] and a[1] > b[1] for a, b in itertools.pairwise(plan))
    assert sum(e * n for e, n in plan) <= epochs * trials * (1 if len(plan) == 1 else 0.75)


def test_a_real_search_on_test_data(tmp_path):
    found = search(
        regressor, Space({"l2": [0.1]}), train=table(), validation=table(seed=1), test=table(seed=2), trials=1,
        fresh_seeds=2, epochs=1, store=tmp_path, verbose=0,
    )  # fmt: skip
    assert found.test.low <= found.test.difference <= found.test.high
    assert found.test.difference == pytest.approx(found.test.winner - found.test.baseline, abs=1e-6)
    assert f"On the test data: {found.test.difference:+.3g}" in str(found) or found.best == "baseline"
    assert {p.name for p in tmp_path.iterdir()} == {"rung1-1epochs", "choice", "estimate", "search.json"}


def test_the_rounds_share_one_engine(monkeypatch):
    # Or the small last rounds would not find the workers and programs of the large first one.
    made = []

    class Named(MadeUpEngine):
        def __init__(self):
            super().__init__(bowl)
            made.append(self)

    monkeypatch.setitem(engines._ENGINES, "sequential", Named)
    find("sequential")
    assert [len(engine.plans) for engine in made] == [3]


def test_what_the_engine_says_of_any_round_is_in_the_result():
    class Choosy(MadeUpEngine):
        notes = {}  # noqa: RUF012

        def run(self, setup, plan):
            yield from super().run(setup, plan)
            self.notes = {variant.name: "fit" for variant, _ in plan if "max_norm" in variant.name}

    found = find(Choosy(bowl), method="halving", min_epochs=3)
    (sentence,) = found.engine_notes
    names = sentence.removesuffix(": fit").split(", ")
    # Of the first round, though only the baseline and those without this lever come to the last.
    assert sorted(names) == sorted(c.name for c in found.candidates if "max_norm" in c.name)
    assert found.to_dict()["engine_notes"] == [sentence]
