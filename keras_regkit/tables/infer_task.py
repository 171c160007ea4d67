"""What the target column asks for: a decision between two, between several, or a number."""

import warnings
from typing import Any

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit._core.extras import require
from keras_regkit._core.types import Frame
from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables.cells_as_numbers import count_infinite, missing_tokens, to_numbers
from keras_regkit.tables.read_table import MINIMUM_ROWS
from keras_regkit.tables.require_column import require_column

TASKS = ("binary", "multiclass", "regression")
MOST_INTEGER_CLASSES = 20
MOST_CLASSES = 1000
RANGES: dict[str, Any] = {
    "task": OneOf("auto", "classification", *TASKS),
    "minimum_rows": Interval(1, integer=True),
}


def rows_with_target(frame: Frame, target: str, *, minimum_rows: int = MINIMUM_ROWS) -> Frame:
    """Returns the rows whose target is known, with a target of numbers as numbers.

    Args:
        frame: A DataFrame.
        target: Name of the target column.
        minimum_rows: Fewer remaining rows than this are refused. At least 1; defaults to 20.

    Returns:
        A new DataFrame with a fresh row index. A `DataWarning` says how many rows were dropped.

    Raises:
        ValueError: there is no such column, or too few rows remain.

    >>> import pandas
    >>> rows_with_target(pandas.DataFrame({"y": ["no", "yes"]}), "y", minimum_rows=2).shape
    (2, 1)
    """
    RANGES["minimum_rows"].check("minimum_rows", minimum_rows)
    require_column(frame, target, "target")
    series = frame[target]
    if _is_text(series):
        tokens = missing_tokens(series)
        if tokens is not None and series.notna().any():
            series = to_numbers(series, target, tokens)
            frame = frame.assign(**{target: series})
    known = series.notna()
    missing = int((~known).sum())
    remaining = len(frame) - missing
    if remaining < minimum_rows:
        raise ValueError(
            f"The target {target!r} is missing in {missing} of {len(frame)} rows. At least "
            f"{minimum_rows} rows must have one; {remaining} do. Fill in the target or choose another."
        )
    if missing:
        warnings.warn(
            f"The target {target!r} is missing in {missing} of {len(frame)} rows; these rows are dropped.",
            DataWarning,
            stacklevel=2,
        )
    return frame[known].reset_index(drop=True)


def infer_task(series: Any, task: str = "auto") -> tuple[str, str, tuple | None]:
    """Decides what kind of task a target column asks for.

    Text, categories and booleans are classes; so are whole numbers with at most 20 different values. Other numbers
    are a regression, unless there are only two of them. Missing values are left aside.

    Args:
        series: The target column.
        task: `"auto"`, or the task to force: `"classification"`, `"binary"`, `"multiclass"`, `"regression"`.

    Returns:
        `(task, reason, classes)`: one of `"binary"`, `"multiclass"` and `"regression"`; a sentence that says why; and
        the sorted tuple of classes, None for a regression.

    Raises:
        ValueError: the target is constant or infinite, a class has a single row, or `task` does not fit the values.

    >>> import pandas
    >>> infer_task(pandas.Series(["cat", "dog"] * 3, name="pet"))
    ('binary', "The target 'pet' holds 2 classes.", ('cat', 'dog'))
    """
    RANGES["task"].check("task", task)
    name = str(series.name)
    present = series.dropna()
    _refuse_unusable(present, name)
    numeric = _is_numeric(present)
    distinct = present.nunique()
    if distinct < 2:
        value = f" {_examples(present)}" if len(present) else ""
        raise ValueError(
            f"The target {name!r} must hold at least two different values. Received one class only, the "
            f"value{value} in all {len(present)} rows. Nothing can be learned from it: choose another "
            "target, or add rows with other values."
        )
    if task == "regression" and not numeric:
        raise ValueError(
            f"`task='regression'` needs a target of numbers. Received the column {name!r} with values "
            f"such as {_examples(present)}. Use task='classification', or turn them into numbers."
        )
    whole = numeric and bool((present.astype("float64") % 1 == 0).all())
    if task == "auto":
        task, reason = _decide(name, numeric, whole, distinct)
    else:
        reason = f"task={task!r} was asked for."
    if task == "regression":
        return "regression", reason, None
    _check_classes(present, name, task, distinct, numeric)
    return ("binary" if distinct == 2 else "multiclass"), reason, _sorted_classes(present, whole)


def _decide(name, numeric, whole, distinct):
    if not numeric:
        return "classification", f"The target {name!r} holds {distinct} classes."
    if distinct == 2:
        return "classification", f"The target {name!r} holds two different values only."
    if whole and distinct <= MOST_INTEGER_CLASSES:
        return "classification", (
            f"The target {name!r} holds whole numbers with {distinct} different values, at most "
            f"{MOST_INTEGER_CLASSES}; task='regression' treats them as amounts."
        )
    kind = "whole numbers" if whole else "numbers"
    return "regression", f"The target {name!r} holds {kind} with {distinct:,} different values."


def _check_classes(present, name, task, distinct, numeric):
    if task == "binary" and distinct != 2:
        raise ValueError(
            f"`task='binary'` needs a target of two classes. Received the column {name!r} with "
            f"{distinct:,} different values. Use task='multiclass' or task='auto'."
        )
    if task == "multiclass" and distinct == 2:
        raise ValueError(
            f"`task='multiclass'` needs a target of three classes or more. Received the column {name!r} "
            f"with two: {_examples(present)}. Use task='binary' or task='auto'."
        )
    most = min(MOST_CLASSES, len(present) // 2)
    if distinct > most:
        other = " If it is an amount, use task='regression'." if numeric else ""
        raise ValueError(
            f"Classification needs a target of at most {most} classes here (two rows for each, "
            f"{MOST_CLASSES} in all). Received the column {name!r} with {distinct:,} different values, "
            f"such as {_examples(present)}.{other} Group the values, or choose another target."
        )
    counts = present.value_counts()
    single = [str(label) for label in counts.index[counts == 1]]
    if single:
        other = ", or use task='regression' if these are amounts" if numeric else ""
        raise ValueError(
            f"Each class of the target {name!r} needs at least two rows, or it cannot be in two parts "
            f"of the data. A single row have: {', '.join(sorted(single)[:10])}. Remove these rows, join "
            f"the classes with others{other}."
        )


def _refuse_unusable(present, name):
    pandas = require("pandas", extra="app", purpose="Looking at the target")
    content = pandas.api.types.infer_dtype(present)
    if content.startswith(("datetime", "date", "timedelta", "period", "complex", "bytes")):
        raise ValueError(
            f"The target {name!r} must hold numbers, text or booleans. Received {content} values. Turn "
            "them into numbers first."
        )
    if _is_numeric(present):
        count = count_infinite(present.astype("float64"))
        if count:
            raise ValueError(
                f"The target {name!r} must be finite and within float32. Received {count} infinite or "
                "larger values. Remove these rows or correct them."
            )


def _is_numeric(series):
    pandas = require("pandas", extra="app", purpose="Looking at the target")
    if pandas.api.types.is_bool_dtype(series.dtype):
        return False
    if isinstance(series.dtype, pandas.CategoricalDtype):
        return False
    return pandas.api.types.is_numeric_dtype(series.dtype) or (
        pandas.api.types.infer_dtype(series) in ("integer", "floating", "mixed-integer-float", "decimal")
    )


def _is_text(series):
    pandas = require("pandas", extra="app", purpose="Looking at the target")
    return (
        not isinstance(series.dtype, pandas.CategoricalDtype)
        and not pandas.api.types.is_numeric_dtype(series.dtype)
        and pandas.api.types.infer_dtype(series, skipna=True) in ("string", "mixed", "mixed-integer", "decimal")
    )


def _sorted_classes(present, whole):
    # A column of whole numbers with gaps is read as floats; its classes are still 0 and 1, not 0.0 and 1.0.
    values = [int(value) if whole else _plain(value) for value in present.unique()]
    try:
        return tuple(sorted(values))
    except TypeError:
        return tuple(sorted(values, key=str))


def _plain(value):
    return value.item() if hasattr(value, "item") else value


def _examples(present):
    return ", ".join(repr(_plain(value)) for value in present.unique()[:3])
