import importlib
import json
import math

import numpy as np
import pytest
from made_up_engine import MadeUpEngine
from scipy import stats
from tiny_studies import labels, noisy_regressor, regressor, table

from keras_regkit import levers
from keras_regkit.studies import Study, Variant, cross_validate, nested

X, Y = table(30)
NO_TRAINING = {"epochs": 1, "verbose": 0}


class OnRows(MadeUpEngine):
    """Reaches what the mean of the validation targets says, so that splits differ; `gain` is what dropout adds."""

    def __init__(self, gain=0.0, noise=0.0):
        super().__init__(None, noise)
        self.setups = []
        self._gain = gain

    def run(self, setup, plan):
        self.setups.append(setup)
        start = float(np.mean(setup.validation[1]))
        self.salt = int(1e6 * abs(start))
        self._level = lambda settings, epochs: start + self._gain * ("dropout" in settings)
        return super().run(setup, plan)


def cross(engine, **changes):
    arguments = {"levers": {"dropout": [0.5]}, "x": X, "y": Y, "folds": 5, **NO_TRAINING, **changes}
    return cross_validate(regressor, engine=engine, **arguments)


def test_the_interval_is_nadeaus_and_bengios():
    found = cross(OnRows(-0.2, noise=0.1), repeats=2, seeds=3)
    splits = [[t.metrics["val_data_loss"] for t in s.trials] for s in found.studies]
    d = np.array([np.mean(v[3:]) - np.mean(v[:3]) for v in splits])  # the baseline's three seeds come first
    error = math.sqrt((1 / 10 + 6 / 24) * d.var(ddof=1))
    width = stats.t.ppf(0.975, 9) * error
    own = found["dropout=0.5"]
    assert own.difference == pytest.approx(d.mean())
    assert (own.low, own.high) == pytest.approx((d.mean() - width, d.mean() + width))
    assert own.p == pytest.approx(2 * stats.t.sf(abs(d.mean() / error), 9))
    assert own.verdict == "helps"
    assert own.splits == 10


def test_each_split_is_a_study_of_its_own_rows(tmp_path):
    engine = OnRows()
    found = cross(engine, store=tmp_path, folds=3)
    held = np.concatenate([setup.validation[1] for setup in engine.setups])
    assert sorted(held.ravel()) == sorted(Y.ravel())
    for setup in engine.setups:
        assert not set(setup.train[1].ravel()) & set(setup.validation[1].ravel())
    assert {p.name for p in tmp_path.iterdir()} == {f"repeat1-fold{i}" for i in (1, 2, 3)}
    again = OnRows()
    assert cross(again, store=tmp_path, folds=3).summaries == found.summaries
    assert again.setups == []


def test_preparation_sees_training_rows_only():
    seen = []

    def standardize(x):
        seen.append(x.copy())
        return lambda rows: (rows - x.mean(axis=0)) / x.std(axis=0)

    engine = OnRows()
    cross(engine, prepare=standardize, folds=3)
    for x, setup in zip(seen, engine.setups, strict=True):
        assert len(x) == 20
        np.testing.assert_allclose(setup.train[0].mean(axis=0), 0, atol=1e-6)
        assert np.abs(setup.validation[0].mean(axis=0)).max() > 0.01
        rows = np.concatenate([setup.train[0], setup.validation[0]]) * x.std(axis=0) + x.mean(axis=0)
        np.testing.assert_allclose(np.sort(rows, axis=0), np.sort(X, axis=0), atol=1e-5)


def test_variants_alone_are_enough():
    both = Variant(((levers.get("l2"), 0.1), (levers.get("dropout"), 0.5)))
    found = cross(OnRows(), levers=None, variants=[both], folds=2)
    assert [s.name for s in found.summaries] == ["baseline", "l2=0.1 + dropout=0.5"]


def test_a_split_in_which_a_seed_diverged_is_said():
    class Diverging(OnRows):
        def run(self, setup, plan):
            for count, trial in enumerate(super().run(setup, plan)):
                lost = len(self.setups) == 1 and count == 3
                yield trial if not lost else type(trial)(**{**vars(trial), "metrics": {"val_data_loss": math.nan}})

    found = cross(Diverging(-0.2), folds=4)
    assert found["dropout=0.5"].diverged == 1
    assert found["dropout=0.5"].verdict == "no evidence"
    assert "(1 of 4 diverged)" in str(found)


def test_the_record_is_json_and_prints():
    found = cross(OnRows(-0.2), folds=2)
    assert json.loads(json.dumps(found.to_dict(), allow_nan=False))["splits"][0] == {
        "repeat": 1, "fold": 1, "train": 15, "test": 15,
    }  # fmt: skip
    assert "1 variant against the baseline on 2 splits" in str(found)
    with pytest.raises(KeyError, match="No variant 'l3'"):
        found["l3"]


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"levers": None}, ValueError, "`levers` or `variants` must say"),
        ({"folds": 31}, ValueError, "`folds` must be at most the number of rows, 30"),
        ({"y": Y[:-1]}, ValueError, "equally many rows"),
        ({"stratify": True}, ValueError, "`stratify=True` needs classes"),
        ({"prepare": 3}, TypeError, "`prepare` must be a function"),
        ({"prepare": lambda x: x}, TypeError, "`prepare` must return a function"),
    ],
)
def test_bad_arguments_are_refused(changes, error, message):
    engine = OnRows()
    with pytest.raises(error, match=message):
        cross(engine, **changes)
    assert not engine.setups


def test_a_nested_test_chooses_inside_and_judges_outside(tmp_path):
    studies = []

    def choose(study):
        studies.append(study)
        return study.variants[1]

    found = nested(
        noisy_regressor, levers={"l2": [0.3]}, x=X, y=Y, choose=choose, folds=2, validation=0.5, store=tmp_path,
        batch_size=8, **NO_TRAINING,
    )  # fmt: skip
    assert [(f.train, f.validation, f.test, f.winner) for f in found.folds] == [(7, 8, 15, "l2=0.3")] * 2
    assert found.difference == pytest.approx(np.mean([f.chosen - f.baseline for f in found.folds]))
    assert found.choices == {"l2=0.3": 2}
    # No row of the outer fold took part: its values are those of the kept models, on it.
    fold = found.folds[0]
    inner = [studies[0]._setup.train, studies[0]._setup.validation]
    used = np.concatenate([data[1] for data in inner]).ravel()
    outer = ~np.isin(Y.ravel(), used)
    assert outer.sum() == 15
    judge = Study(
        noisy_regressor, levers={"l2": [0.3]}, train=inner[0], validation=inner[1], seeds=2, epochs=1, batch_size=8,
        store=tmp_path / "repeat1-fold1" / "judge", keep_weights=True, name="nested, repeat1-fold1, judge",
    )  # fmt: skip
    by_hand = [np.mean((judge.model("l2=0.3", s)(X[outer], training=False) - Y[outer]) ** 2) for s in (0, 1)]
    assert fold.chosen == pytest.approx(np.mean(by_hand), rel=1e-5)
    assert "Choosing this way changes data_loss by" in str(found)
    assert found.to_dict()["choices"] == {"l2=0.3": 2}


@pytest.mark.parametrize("choose", ["best", "combine", "search"])
def test_ways_to_choose(choose, monkeypatch):
    # The judge is a real study; here only what was chosen counts.
    module = importlib.import_module("keras_regkit.studies.nested")
    monkeypatch.setattr(module, "held_out_values", lambda study, variant, data: [1.0, 1.0])
    found = nested(
        regressor, levers={"dropout": [0.5]}, x=X, y=labels(30)[1], choose=choose, folds=2, engine=OnRows(-0.2),
        seeds=4,
        search_options={"trials": 1, "fresh_seeds": 2} if choose == "search" else None, **NO_TRAINING,
    )  # fmt: skip
    assert found.choices == {"dropout=0.5": 2}
    found = nested(
        regressor, levers={"dropout": [0.5]}, x=X, y=Y, choose=choose, folds=2, engine=OnRows(0.2), **NO_TRAINING
    )
    assert found.choices == {"baseline": 2}
    assert (found.difference, found.p) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("changes", "error", "message"),
    [
        ({"choose": "bets"}, ValueError, "Did you mean 'best'"),
        ({"choose": lambda study: "l2"}, TypeError, "`choose` must return a Variant"),
        ({"search_options": {}}, ValueError, "are for choose='search'"),
        ({"validation": 0.7}, ValueError, "`validation` must be in"),
        ({"metric": "gap"}, ValueError, "`metric` must be one of validation data"),
    ],
)
def test_bad_arguments_of_a_nested_test_are_refused(changes, error, message):
    with pytest.raises(error, match=message):
        nested(regressor, levers={"l2": [0.1]}, x=X, y=Y, engine=OnRows(), **{**NO_TRAINING, **changes})
