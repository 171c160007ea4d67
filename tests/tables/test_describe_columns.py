import datetime
import decimal
import io
import json
import warnings

import numpy as np
import pandas
import pytest

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import Column, TableSchema, describe_columns

ROWS = 40


def table(**columns):
    return pandas.DataFrame({"x": np.arange(ROWS) * 0.5, **columns, "y": [0, 1] * (ROWS // 2)})


def described(values):
    """The column record for one column, and the messages of the warnings it raised."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        schema = describe_columns(table(c=values), "y")
    assert all(issubclass(w.category, DataWarning) for w in caught)
    return schema.columns[1], [str(w.message) for w in caught]


HALVES = ROWS // 2
QUIET = {
    "floats": (np.linspace(0, 1, ROWS), "numeric"),
    "integers": (list(range(ROWS)), "numeric"),
    "numbers with holes": ([1.5, None] * HALVES, "numeric"),
    "nullable integers": (pandas.array([1, None] * HALVES, dtype="Int64"), "numeric"),
    "decimals": ([decimal.Decimal("1.5"), decimal.Decimal("2")] * HALVES, "numeric"),
    "numbers as text": (["1", " 2.5"] * HALVES, "numeric"),
    "booleans": ([True, False] * HALVES, "boolean"),
    "booleans with holes": ([True, False, None, True] * (ROWS // 4), "boolean"),
    "nullable booleans": (pandas.array([True, None] * HALVES, dtype="boolean"), "boolean"),
    "text": (["red", "green"] * HALVES, "category"),
    "text with holes": (["red", None] * HALVES, "category"),
    "categories of numbers": (pandas.Categorical([1, 2] * HALVES), "category"),
    "text and numbers": (["red", 7, "green", 8] * (ROWS // 4), "category"),
    "nothing": ([None] * ROWS, "dropped"),
    "NaN only": ([np.nan] * ROWS, "dropped"),
    "a constant": ([3] * ROWS, "dropped"),
    "a constant text": (["same"] * ROWS, "dropped"),
}


@pytest.mark.parametrize(("values", "kind"), QUIET.values(), ids=QUIET)
def test_kinds(values, kind):
    column, messages = described(values)
    assert column.kind == kind
    assert messages == []
    assert bool(column.reason) == (kind == "dropped")


LOUD = {
    "dates": (pandas.date_range("2024-01-01", periods=ROWS), "days since"),
    "dates as text": ([f"2024-01-{1 + i % 28:02d}" for i in range(ROWS)], "days since"),
    "date objects": ([datetime.date(2024, 1, 1 + i % 28) for i in range(ROWS)], "days since"),
    "durations": (pandas.to_timedelta(np.arange(ROWS), unit="h"), "total_seconds"),
    "lists": ([[i] for i in range(ROWS)], "objects of type list"),
    "bytes": ([b"a", b"b"] * HALVES, "bytes"),
    "names": ([f"person {i}" for i in range(ROWS)], "identifier or free text"),
    "nearly equal numbers": (10**15 + np.arange(ROWS), "float32"),
    "decimal commas": ([f"{i},5" for i in range(ROWS)], "decimal comma"),
}


@pytest.mark.parametrize(("values", "message"), LOUD.values(), ids=LOUD)
def test_what_costs_information_warns(values, message):
    column, messages = described(values)
    assert column.kind == "dropped"
    assert message in column.reason
    assert messages == [column.reason]


def test_ten_thousand_texts_are_dropped():
    rows = 10_000
    frame = pandas.DataFrame(
        {"x": np.arange(rows) % 7, "id": [f"u{i}" for i in range(rows)], "y": [0, 1] * (rows // 2)}
    )
    with pytest.warns(DataWarning, match="10,000 different texts"):
        schema = describe_columns(frame, "y")
    assert schema.features == ("x",)
    assert list(schema.dropped) == ["id"]


def test_many_repeated_categories_are_kept():
    frame = pandas.DataFrame({"c": [f"c{i % 30}" for i in range(90)], "y": [0, 1] * 45})
    with pytest.warns(DataWarning, match="30 categories: the 10 most frequent"):
        schema = describe_columns(frame, "y", max_categories=10)
    assert schema.categories == ("c",)
    assert schema.max_categories == 10


def test_question_marks_among_numbers_are_missing_numbers():
    frame = table(c=["1.5", "2", "3", "?", "4", "5", "-", "7"] * 5)
    with pytest.warns(DataWarning, match=r"10 cells read '-', '\?'"):
        schema = describe_columns(frame, "y")
    assert schema.columns[1].kind == "numeric"
    assert schema.columns[1].missing_tokens == ("-", "?")


def test_infinite_features_are_refused_with_counts():
    values = np.linspace(0, 1, ROWS)
    values[[3, 4]] = np.inf, -np.inf
    large = np.linspace(0, 1, ROWS)
    large[0] = 1e300
    with pytest.raises(ValueError, match=r"'a' \(2 rows\), 'b' \(1 rows\).*replace"):
        describe_columns(table(a=values, b=large), "y")


def test_an_infinite_target_or_group_is_not_the_features_concern():
    frame = table(g=[1.0, np.inf] * HALVES)
    assert describe_columns(frame, "y", group="g").features == ("x",)


def test_a_saved_index_is_dropped_and_a_counter_with_a_name_is_not():
    text = io.StringIO()
    table().to_csv(text)
    text.seek(0)
    schema = describe_columns(pandas.read_csv(text), "y")
    assert "row number" in schema.dropped["Unnamed: 0"]
    assert describe_columns(table(n=range(ROWS)), "y").features == ("x", "n")


def test_unknown_columns_are_named():
    with pytest.raises(ValueError, match=r"no target column 'Y2'.*Its columns are: \['x', 'y'\]"):
        describe_columns(table(), "Y2")
    with pytest.raises(ValueError, match="Did you mean 'patient'"):
        describe_columns(table(patient=range(ROWS)), "y", group="patients")
    with pytest.raises(ValueError, match="two columns"):
        describe_columns(table(), "y", group="y")


def test_a_table_without_features_is_refused():
    with pytest.raises(ValueError, match=r"No feature is left.*same value"):
        describe_columns(pandas.DataFrame({"x": [1] * 20, "y": range(20)}), "y")
    with pytest.raises(ValueError, match="No feature is left"):
        describe_columns(pandas.DataFrame({"y": range(20)}), "y")


def test_schema_survives_json():
    with pytest.warns(DataWarning):
        schema = describe_columns(table(c=["1", "2", "3", "?"] * 10, k=["a", "b"] * HALVES), "y")
    assert TableSchema.from_config(json.loads(json.dumps(schema.get_config()))) == schema
    assert [note[:22] for note in schema.notes] == ["Column 'c' holds numbe", "Cells are empty in 'c'"]


def test_empty_cells_are_told_with_what_becomes_of_them():
    frame = table(a=[1.0, 2.0, None, 4.0] * 10, k=["a", None] * HALVES, full=range(2 * HALVES))
    schema = describe_columns(frame, "y")
    remarks = {column.name: column.remark for column in schema.columns}
    assert remarks["a"] == "10 empty cells: set to the median."
    assert remarks["k"] == f"{HALVES} empty cells: as a category, if there are two or more to learn from."
    assert remarks["full"] == ""
    (note,) = schema.notes
    assert note.startswith(
        f"Cells are empty in 'a' (10), 'k' ({HALVES}). Numbers are set to the median of the training rows"
    )


def test_input_names_are_legal_and_unique():
    columns = [Column(name, "numeric") for name in ("a/b", "a_b", "/", "")]
    names = TableSchema(columns, target="y").input_names
    assert names == {"a/b": "a_b_", "a_b": "a_b", "/": "_", "": "unnamed"}


def test_a_kind_is_checked():
    with pytest.raises(ValueError, match="Did you mean 'numeric'"):
        Column("x", "numerical")
