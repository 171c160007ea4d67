import json
import warnings

import numpy as np
import pandas
import pytest

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import split_table

PARTS = ("train", "validation", "test")


def table(rows=200, classes=2, groups=None, seed=0):
    rng = np.random.default_rng(seed)
    frame = pandas.DataFrame({"x": rng.normal(size=rows), "y": rng.integers(0, classes, rows)})
    if groups:
        frame["g"] = rng.integers(0, groups, rows)
    return frame


@pytest.mark.parametrize("seed", range(12))
def test_parts_are_disjoint_and_cover_all_rows(seed):
    rng = np.random.default_rng(seed)
    rows, classes = int(rng.integers(40, 400)), int(rng.integers(2, 5))
    group = [None, "g"][seed % 2]
    frame = table(rows, classes, groups=int(rng.integers(8, 30)), seed=seed)
    task = ["regression", "multiclass"][seed % 3 == 0]
    shares = rng.uniform(0.15, 0.4, 2)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DataWarning)
        split = split_table(frame, "y", task=task, group=group, validation=shares[0], test=shares[1], seed=seed)
    together = np.concatenate([split.train, split.validation, split.test])
    assert sorted(together) == list(range(rows))
    assert split.disjoint
    if group:
        sets = [set(frame["g"].iloc[getattr(split, part)]) for part in PARTS]
        assert sum(map(len, sets)) == len(set().union(*sets)) == frame["g"].nunique()
        assert split.groups == {part: len(s) for part, s in zip(PARTS, sets, strict=True)}
    else:
        assert split.sizes["validation"] == round(rows * shares[0])
        assert split.sizes["test"] == round(rows * shares[1])


def test_classes_keep_their_shares():
    frame = table(300)
    frame["y"] = ["rare"] * 30 + ["common"] * 270
    split = split_table(frame, "y", task="binary")
    assert split.stratified
    for part in PARTS:
        assert np.mean(frame["y"].iloc[getattr(split, part)] == "rare") == pytest.approx(0.1)


def test_groups_are_divided_in_balance():
    # One group holds half the rows, classes come in runs: most random divisions are bad ones.
    frame = pandas.DataFrame({"g": [0] * 100 + [1 + i // 10 for i in range(100)], "x": np.arange(200.0)})
    frame["y"] = [i % 2 for i in range(100)] + [(i // 10) % 2 for i in range(100)]
    split = split_table(frame, "y", task="binary", group="g")
    assert 0 in set(frame["g"].iloc[split.train])
    for part in PARTS:
        assert 0.3 <= frame["y"].iloc[getattr(split, part)].mean() <= 0.7
    assert not split.stratified


def test_a_seed_decides():
    frame = table(groups=20)
    for group in (None, "g"):
        first, again, other = (
            split_table(frame, "y", task="binary", group=group, seed=seed).test for seed in (1, 1, 2)
        )
        assert np.array_equal(first, again)
        assert not np.array_equal(first, other)


def test_duplicates_across_parts_are_counted():
    frame = table(100)
    double = pandas.concat([frame, frame], ignore_index=True)
    with pytest.warns(DataWarning, match="same features as a row of an earlier part"):
        split = split_table(double, "y", task="binary")
    earlier, expected = set(), 0
    for part in PARTS:
        values = double["x"].iloc[getattr(split, part)].tolist()
        expected += sum(v in earlier for v in values)
        earlier.update(values)
    assert split.duplicates == expected > 0
    assert split.conflicts == 0
    double["id"] = range(200)
    assert split_table(double, "y", task="binary").duplicates == 0
    with pytest.warns(DataWarning):
        assert split_table(double, "y", task="binary", features=["x"]).duplicates == expected


def test_a_group_keeps_copies_together_and_conflicts_are_counted():
    frame = pandas.DataFrame({"x": np.arange(40.0), "y": [0, 1] * 20, "g": np.arange(40)})
    double = pandas.concat([frame, frame.iloc[:6].assign(y=[1, 0] * 3)], ignore_index=True)
    split = split_table(double, "y", task="binary", group="g")
    assert split.duplicates == 0
    assert split.conflicts == 12
    assert any("12 rows" in note for note in split.notes)


def test_objects_in_cells_can_be_compared():
    frame = table(40)
    frame["list"] = [[i] for i in range(40)]
    assert split_table(frame, "y", task="binary").duplicates == 0


def test_the_summary_is_plain():
    split = split_table(table(groups=20), "y", task="binary", group="g")
    record = json.loads(json.dumps(split.summary()))
    assert sum(record["sizes"].values()) == 200
    assert record["group"] == "g"


def rare(count):
    frame = table(100)
    frame["y"] = ["rare"] * count + ["common"] * (100 - count)
    return frame


BAD = {
    "shares": (table(), {"validation": 0.5, "test": 0.5}, "together must be less than 1"),
    "share 0": (table(), {"test": 0.0}, r"`test` must be in \(0, 1\)"),
    "no row for test": (table(10), {"test": 0.01}, "The test part would hold 0"),
    "rare class": (rare(1), {}, "'rare'"),
    "small parts": (table(40, 12), {"task": "multiclass", "test": 0.1}, "fewer rows than|few rows"),
    "two groups": (table(groups=2), {"group": "g"}, "at least 3 groups.*Received 2"),
    "no such group": (table(groups=9), {"group": "G"}, "no group column 'G'"),
    "no such task": (table(), {"task": "classify"}, "`task` must be one of"),
    "no such target": (table(), {"target": "Y"}, "no target column"),
}


@pytest.mark.parametrize(("frame", "options", "message"), BAD.values(), ids=BAD)
def test_bad_splits_get_a_clear_error(frame, options, message):
    with pytest.raises(ValueError, match=message):
        split_table(frame, **{"target": "y", "task": "binary", **options})


def test_unknown_groups_are_refused():
    frame = table(groups=9).astype({"g": float})
    frame.loc[:4, "g"] = np.nan
    with pytest.raises(ValueError, match="5 missing values"):
        split_table(frame, "y", task="binary", group="g")


def test_a_class_in_too_few_groups():
    frame = pandas.DataFrame({"x": np.arange(60.0), "g": np.arange(60) // 10, "y": [0] * 50 + [1] * 10})
    with pytest.warns(DataWarning, match=r"no row of the classes \['1'\]"):
        split = split_table(frame, "y", task="binary", group="g")
    assert 5 in set(frame["g"].iloc[split.train])


def test_a_class_too_rare_for_every_part_is_told():
    with pytest.warns(DataWarning, match=r"test part has no row of the classes \['rare'\]"):
        split_table(rare(2), "y", task="binary")
