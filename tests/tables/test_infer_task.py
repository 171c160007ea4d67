import datetime

import numpy as np
import pandas
import pytest

from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables import infer_task, rows_with_target


def series(values, **options):
    return pandas.Series(values, name="y", **options)


TASKS = {
    "two texts": (["no", "yes"] * 10, "binary", ("no", "yes")),
    "three texts": (["b", "a", "c"] * 10, "multiclass", ("a", "b", "c")),
    "booleans": ([True, False] * 10, "binary", (False, True)),
    "two whole numbers": ([7, 3] * 10, "binary", (3, 7)),
    "two floats": ([0.5, 1.5] * 10, "binary", (0.5, 1.5)),
    "twenty whole numbers": (list(range(20)) * 2, "multiclass", tuple(range(20))),
    "whole numbers with gaps": ([0.0, 1.0, 2.0, np.nan] * 5, "multiclass", (0, 1, 2)),
    "categories": (pandas.Categorical([1, 2, 4] * 5), "multiclass", (1, 2, 4)),
    "twenty-one whole numbers": (list(range(21)) * 2, "regression", None),
    "floats": ([0.5, 1.0, 2.25] * 7, "regression", None),
}


@pytest.mark.parametrize(("values", "task", "classes"), TASKS.values(), ids=TASKS)
def test_the_values_decide_the_task(values, task, classes):
    decided, reason, found = infer_task(series(values))
    assert (decided, found) == (task, classes)
    assert [type(label) for label in found or ()] == [type(label) for label in classes or ()]
    assert "'y'" in reason
    assert reason.endswith(".")


def test_the_task_can_be_forced():
    whole = series([1, 2, 3] * 10)
    assert infer_task(whole, "regression")[0] == "regression"
    assert infer_task(series(list(range(25)) * 2), "classification")[0] == "multiclass"
    assert infer_task(series([0, 1] * 10), "classification")[0] == "binary"
    assert infer_task(series([0.5, 1, 2.5] * 10), "multiclass")[2] == (0.5, 1.0, 2.5)


BAD = {
    "one class": (["a"] * 20, "auto", "one class only, the value 'a' in all 20 rows"),
    "constant number": ([2.5] * 20, "auto", "at least two different values"),
    "no values": ([None] * 20, "auto", "at least two different values"),
    "single row": (["a"] * 10 + ["b"] * 9 + ["c"], "auto", "A single row have: c"),
    "single row of a number": ([1] * 10 + [2] * 9 + [5], "auto", "task='regression'"),
    "amounts as classes": (np.linspace(0, 1, 5000), "classification", "5,000 different values"),
    "text as amounts": (["a", "b"] * 10, "regression", "needs a target of numbers"),
    "three as two": ([1, 2, 3] * 10, "binary", "three|3 different values"),
    "two as three": ([1, 2] * 10, "multiclass", "three classes or more"),
    "names": ([f"n{i}" for i in range(40)], "auto", "at most 20 classes"),
    "infinite": ([1.5, np.inf] * 10, "auto", "10 infinite"),
    "too large": ([1.5, 1e300] * 10, "auto", "10 infinite"),
    "dates": ([datetime.date(2024, 1, 1 + i) for i in range(20)], "auto", "date"),
}


@pytest.mark.parametrize(("values", "task", "message"), BAD.values(), ids=BAD)
def test_bad_targets_get_a_clear_error(values, task, message):
    with pytest.raises(ValueError, match=message):
        infer_task(series(values), task)


def test_an_unknown_task_names_the_tasks():
    with pytest.raises(ValueError, match="Did you mean 'regression'"):
        infer_task(series([0, 1] * 10), "regresion")


def test_rows_without_target_are_dropped_and_counted():
    frame = pandas.DataFrame({"x": range(30), "y": [None, "a", "b"] * 10})
    with pytest.warns(DataWarning, match="missing in 10 of 30 rows"):
        kept = rows_with_target(frame, "y")
    assert kept["x"].tolist() == [i for i in range(30) if i % 3]
    assert kept.index.tolist() == list(range(20))
    with pytest.raises(ValueError, match="At least 21 rows must have one; 20 do"):
        rows_with_target(frame, "y", minimum_rows=21)


def test_a_complete_target_passes_silently():
    frame = pandas.DataFrame({"x": range(30), "y": [1.5] * 30})
    assert rows_with_target(frame, "y").equals(frame)


def test_numbers_as_text_become_numbers():
    frame = pandas.DataFrame({"y": ["1.5", "2", "3", "4", "?"] * 6})
    with pytest.warns(DataWarning, match="missing in 6 of 30"):
        kept = rows_with_target(frame, "y")
    assert infer_task(kept["y"])[0] == "regression"
    assert frame["y"][0] == "1.5"


def test_a_missing_target_column_names_a_close_one():
    with pytest.raises(ValueError, match=r"no target column 'prize'\. Did you mean 'price'"):
        rows_with_target(pandas.DataFrame({"price": range(30)}), "prize")
