import json

import numpy as np
import pandas
import pytest
from sample_tables import mixed_table

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import Column, TableEncoder, TableSchema, describe_columns


@pytest.fixture
def frame():
    return mixed_table()


@pytest.fixture
def encoder(frame):
    return TableEncoder(describe_columns(frame, "bought")).fit(frame.iloc[:40])


def test_numbers_equal_a_hand_made_reference(frame, encoder):
    train = frame["age"].iloc[:40].to_numpy()
    filled = np.where(np.isnan(train), np.nanmedian(train), train)
    whole = frame["age"].to_numpy()
    expected = (np.where(np.isnan(whole), np.nanmedian(train), whole) - filled.mean()) / filled.std()
    matrix = encoder.transform(frame)
    assert matrix.dtype == np.float32
    assert np.isfinite(matrix).all()
    names = encoder.feature_names
    np.testing.assert_allclose(matrix[:, names.index("age")], expected, atol=1e-5)
    np.testing.assert_array_equal(matrix[:, names.index("age is missing")], np.isnan(whole))
    assert "km/h is missing" not in names


def test_categories_equal_a_hand_made_reference(frame, encoder):
    names, matrix = encoder.feature_names, encoder.transform(frame)
    city = frame["city"]
    expected = {
        "city = Rome": city == "Rome",
        "city is missing": city.isna(),
        "city is unknown": city == "Atlantis",
        "plan = b": frame["plan"] == "b",
    }
    for name, column in expected.items():
        np.testing.assert_array_equal(matrix[:, names.index(name)], column, err_msg=name)
    assert "plan is unknown" not in names


def test_only_training_rows_are_learned_from(frame, encoder):
    changed = frame.copy()
    changed.loc[40:, "age"] = 1000.0
    changed.loc[40:, "city"] = "Paris"
    again = TableEncoder(encoder.schema).fit(changed.iloc[:40])
    assert again.get_config() == encoder.get_config()


def test_unseen_categories_are_unknown_or_nothing_and_noted(frame, encoder):
    unseen = frame.iloc[40:].assign(city="Paris", plan="z")
    names, matrix = encoder.feature_names, encoder.transform(unseen)
    assert (matrix[:, names.index("city is unknown")] == 1).all()
    plan = [i for i, name in enumerate(names) if name.startswith("plan")]
    assert not matrix[:, plan].any()
    notes = encoder.notes(unseen, "test")
    assert len(notes) == 2
    assert "20 of 20 test rows hold a category of 'city'" in notes[0]
    assert "'Paris'" in notes[0]
    assert encoder.notes(frame.iloc[4:40]) == ()


def test_max_categories_keeps_the_most_frequent():
    frame = pandas.DataFrame({"c": list("aaaabbbccdd"), "y": range(11)})
    with pytest.warns(DataWarning, match="2 most frequent"):
        encoder = TableEncoder(describe_columns(frame, "y", max_categories=2)).fit(frame)
    assert encoder.feature_names == ("c is unknown", "c = a", "c = b")


def test_a_column_constant_or_absent_in_train_is_harmless():
    frame = pandas.DataFrame({"x": [5.0] * 20 + [6.0] * 5, "z": [None] * 20 + [1.0] * 5, "y": range(25)})
    encoder = TableEncoder(describe_columns(frame, "y")).fit(frame.iloc[:20])
    matrix = encoder.transform(frame)
    assert np.isfinite(matrix).all()
    np.testing.assert_array_equal(matrix[:, 0], [0] * 20 + [1] * 5)


def test_tokens_booleans_and_nullable_types_become_numbers():
    frame = pandas.DataFrame(
        {
            "t": ["1", "2", "?", "4", "5"] * 4,
            "b": pandas.array([True, None, False, True, True] * 4, dtype="boolean"),
            "i": pandas.array([1, 2, None, 4, 5] * 4, dtype="Int64"),
            "y": range(20),
        }
    )
    with pytest.warns(DataWarning):
        encoder = TableEncoder(describe_columns(frame, "y")).fit(frame)
    assert encoder.medians == {"t": 3.0, "b": 1.0, "i": 3.0}
    assert encoder.indicated == ["t", "b", "i"]


def test_state_survives_json(frame, encoder):
    again = TableEncoder.from_config(json.loads(json.dumps(encoder.get_config())))
    np.testing.assert_array_equal(again.transform(frame), encoder.transform(frame))
    assert again.get_config() == encoder.get_config()


def test_order_and_extra_columns_do_not_matter(frame, encoder):
    shuffled = frame[frame.columns[::-1]].assign(more=1)
    np.testing.assert_array_equal(encoder.transform(shuffled), encoder.transform(frame))


def test_wrong_tables_are_refused(frame, encoder):
    with pytest.raises(ValueError, match=r"Missing: \['age'\]"):
        encoder.transform(frame.drop(columns="age"))
    with pytest.raises(ValueError, match=r"'age' must hold numbers.*60 cells.*'tall'"):
        encoder.transform(frame.assign(age="tall"))
    with pytest.raises(ValueError, match=r"'age' must be finite.*60 infinite"):
        encoder.transform(frame.assign(age=np.inf))
    with pytest.raises(ValueError, match=r"'city' holds categories.*float64"):
        encoder.transform(frame.assign(city=1.5))


def test_an_unfitted_encoder_says_so(frame):
    encoder = TableEncoder(TableSchema([Column("age", "numeric")], target="bought"))
    for use in (lambda: encoder.transform(frame), lambda: encoder.feature_names, lambda: encoder.notes(frame)):
        with pytest.raises(RuntimeError, match="Call `fit`"):
            use()
    with pytest.raises(TypeError, match="describe_columns"):
        TableEncoder(["age"])


def test_tiny_numbers_are_standardized_too():
    frame = pandas.DataFrame({"x": np.arange(20) * 1e-20, "y": range(20)})
    matrix = TableEncoder(describe_columns(frame, "y")).fit(frame).transform(frame)
    np.testing.assert_allclose(matrix.std(), 1, rtol=1e-5)
