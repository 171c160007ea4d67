"""Finding out what each column of a table is."""

import dataclasses
import warnings

from keras_regkit._core.checks import Interval
from keras_regkit._core.extras import require
from keras_regkit._core.types import Frame
from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables.cells_as_numbers import LARGEST, count_infinite, missing_tokens, to_numbers
from keras_regkit.tables.require_column import require_column
from keras_regkit.tables.table_schema import Column, TableSchema

# More than one category for every two rows: most are seen once, and nothing can be learned from them.
IDENTIFIER_SHARE = 0.5
RANGES = {"max_categories": Interval(2, integer=True)}


def describe_columns(frame: Frame, target: str, *, group: str | None = None, max_categories: int = 100) -> TableSchema:
    """Finds out the kind of each column: numeric, boolean, category, or dropped and why.

    Numbers are numeric and booleans 0 or 1. Text is a category, unless most of it reads as numbers. Dropped are
    columns that hold nothing, one value only, dates, objects, or text that looks like an identifier. Nothing is dropped
    silently: every decision is a sentence in `schema.notes`, and those that cost information also warn.

    Args:
        frame: A DataFrame, as `read_table` returns it.
        target: Name of the target column, which gets no kind.
        group: Name of the group column, which is no feature; or None.
        max_categories: The most categories of one column that get a slot of their own; the others share the slot of the
            unknown. At least 2; defaults to 100.

    Returns:
        A `TableSchema`.

    Raises:
        ValueError: a column is missing, no feature is left, or a numeric feature holds infinite values.

    >>> import pandas
    >>> frame = pandas.DataFrame({"age": [30, 40, 50, 60], "city": ["Rome", "Oslo"] * 2, "y": [0, 1, 0, 1]})
    >>> [(column.name, column.kind) for column in describe_columns(frame, "y").columns]
    [('age', 'numeric'), ('city', 'category')]
    """
    RANGES["max_categories"].check("max_categories", max_categories)
    require_column(frame, target, "target")
    if group is not None:
        require_column(frame, group, "group")
        if group == target:
            raise ValueError(f"`group` and `target` must be two columns. Received twice: {group!r}")
    features = frame.drop(columns=[target] if group is None else [target, group])
    columns = []
    for name in features.columns:
        column, lossy = _describe(features[name], name, max_categories)
        column = dataclasses.replace(column, empty=_empty_cells(features[name], column))
        if lossy:
            warnings.warn(column.reason, DataWarning, stacklevel=2)
        columns.append(column)
    if all(column.kind == "dropped" for column in columns):
        reasons = " ".join(column.reason for column in columns)
        raise ValueError(f"No feature is left beside the target {target!r}. {reasons}".rstrip())
    _refuse_infinite(features, columns)
    notes = [column.reason for column in columns if column.reason]
    return TableSchema(tuple(columns), target, group, max_categories, (*notes, *_of_empty_cells(columns)))


def _of_empty_cells(columns):
    """One sentence, however many columns have them."""
    found = [column for column in columns if column.empty and column.kind != "dropped"]
    if found:
        named = ", ".join(f"{column.name!r} ({column.empty:,})" for column in found[:3])
        more = f" and {len(found) - 3} more" if len(found) > 3 else ""
        yield (
            f"Cells are empty in {named}{more}. Numbers are set to the median of the training rows; a column where "
            "these have empty cells gets a second feature that says which. In text, empty is a category like others."
        )


def _empty_cells(series, column):
    empty = series.isna()
    if column.missing_tokens:
        empty |= series.astype(str).str.strip().isin(column.missing_tokens)
    return int(empty.sum())


def _describe(series, name, max_categories):
    """Returns the `Column`, and whether its reason is worth a warning."""
    pandas = require("pandas", extra="app", purpose="Describing a table")
    types = pandas.api.types

    def dropped(reason):
        return Column(name, "dropped", f"Column {name!r} is dropped: {reason}")

    present = series.dropna()
    if not len(present):
        return dropped("it holds no values."), False
    content = types.infer_dtype(present, skipna=True)
    if content in ("datetime64", "datetime", "date", "period", "time") or _iso_dates(present):
        return dropped(
            "it holds dates. To use them, turn them into numbers first: days since an event, month, weekday."
        ), True
    if content in ("timedelta64", "timedelta"):
        return dropped("it holds durations. To use them, call `.dt.total_seconds()` first."), True
    if types.is_complex_dtype(series.dtype) or content in ("complex", "interval", "bytes"):
        return dropped(f"it holds {content} values. Turn them into numbers or text to use them."), True
    if present.dtype == object and not present.map(types.is_scalar).all():
        kind = type(present[~present.map(types.is_scalar)].iloc[0]).__name__
        return dropped(f"its cells are objects of type {kind}. Spread them over columns of numbers."), True
    distinct = present.nunique()
    if distinct == 1 and len(present) == len(series):
        return dropped(f"it holds the same value, {str(present.iloc[0])!r}, in every row."), False
    if _is_saved_index(present, name, len(series)):
        return dropped("it is a row number without a name, as a saved index leaves behind."), False
    if content == "boolean":
        return Column(name, "boolean"), False
    if types.is_numeric_dtype(series.dtype) or content == "decimal":
        if len(present) == len(series) and _is_one_float32(to_numbers(present, name, ())):
            return dropped("its values differ by less than float32 can hold. Subtract their mean to use them."), True
        return Column(name, "numeric"), False
    if not isinstance(series.dtype, pandas.CategoricalDtype):
        tokens = missing_tokens(series)
        if tokens is not None:
            return _numbers_in_text(present, name, tokens), bool(tokens)
    return _describe_text(present.astype(str), name, max_categories)


def _numbers_in_text(present, name, tokens):
    count = int(present.astype(str).str.strip().isin(tokens).sum())
    reason = (
        f"Column {name!r} holds numbers, but {count} cells read {', '.join(map(repr, tokens))}: these count as missing."
    )
    return Column(name, "numeric", reason if tokens else "", tokens)


def _describe_text(text, name, max_categories):
    distinct = text.nunique()
    if distinct > IDENTIFIER_SHARE * len(text):
        comma = text.str.fullmatch(r"\s*[+-]?\d+,\d+\s*").mean() > 0.5
        hint = " Are these numbers with a decimal comma? Write them with a point." if comma else ""
        return Column(
            name,
            "dropped",
            f"Column {name!r} is dropped: with {distinct:,} different texts in {len(text):,} rows it looks "
            f"like an identifier or free text.{hint}",
        ), True
    if distinct > max_categories:
        covered = text.value_counts().iloc[:max_categories].sum() / len(text)
        return Column(
            name,
            "category",
            f"Column {name!r} has {distinct:,} categories: the {max_categories} most frequent "
            f"({covered:.0%} of the rows) are kept, the others share one slot.",
        ), True
    return Column(name, "category"), False


def _iso_dates(present):
    """Whether text holds dates as ISO 8601 writes them; other notations are too easily something else."""
    pandas = require("pandas", extra="app", purpose="Describing a table")
    if pandas.api.types.infer_dtype(present) != "string":
        return False
    return present.astype(str).str.match(r"\s*\d{4}-\d{2}-\d{2}([ T]|$)").mean() > 0.9


def _is_one_float32(numbers):
    return numbers.clip(-LARGEST, LARGEST).astype("float32").nunique() == 1


def _is_saved_index(present, name, rows):
    if not name.startswith("Unnamed: ") or len(present) != rows:
        return False
    pandas = require("pandas", extra="app", purpose="Describing a table")
    return pandas.api.types.is_integer_dtype(present.dtype) and (present.diff().iloc[1:] == 1).all()


def _refuse_infinite(features, columns):
    counts = {}
    for column in columns:
        if column.kind != "numeric":
            continue
        count = count_infinite(to_numbers(features[column.name], column.name, column.missing_tokens))
        if count:
            counts[column.name] = count
    if counts:
        listed = ", ".join(f"{name!r} ({count} rows)" for name, count in counts.items())
        raise ValueError(
            f"Numeric features must be finite and within float32. Received infinite or larger values in: "
            f"{listed}. Replace them by empty cells if the value is unknown "
            "(`frame.replace([np.inf, -np.inf], np.nan)`), or clip them."
        )
