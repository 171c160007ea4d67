"""Cells as numbers, also those that arrived as text."""

from keras_regkit._core.extras import require

# A column is a column of numbers when more than this share of its cells are, and the rest are the same few texts.
NUMERIC_SHARE = 0.5
MOST_TOKENS = 5
MISSING = frozenset(
    ["", "?", "-", "--", ".", "*", "na", "n/a", "n.a.", "#n/a", "nan", "null", "nil", "none", "unknown", "missing"]
)
LARGEST = 3.4e38  # of float32


def missing_tokens(series):
    """Returns the texts that stand for a missing number, or None when the column does not hold numbers.

    >>> import pandas
    >>> missing_tokens(pandas.Series(["1", "2.5", "?", "3", "4", "5"]))
    ('?',)
    >>> missing_tokens(pandas.Series(["red", "green", "7"]))
    """
    pandas = require("pandas", extra="app", purpose="Reading a table")
    present = series.dropna()
    bad = present[pandas.to_numeric(present, errors="coerce").isna()].astype(str).str.strip()
    tokens = sorted(bad.unique())
    if len(present) - len(bad) <= NUMERIC_SHARE * len(present) or len(tokens) > MOST_TOKENS:
        return None
    # Codes such as 1, 2, A are categories: only what is known to stand for nothing is taken for it.
    if not all(token.lower() in MISSING for token in tokens):
        return None
    return tuple(tokens)


def to_numbers(series, name, tokens):
    """Returns `series` as float64, with the cells that hold one of `tokens` as NaN.

    Raises:
        ValueError: a cell is neither a number nor one of `tokens`.
    """
    pandas = require("pandas", extra="app", purpose="Reading a table")
    numbers = pandas.to_numeric(series, errors="coerce").astype("float64")
    numbers = numbers.where(series.notna())
    bad = series[numbers.isna() & series.notna()].astype(str).str.strip()
    bad = bad[~bad.isin(tokens)]
    if len(bad):
        raise ValueError(
            f"Column {name!r} must hold numbers. Received {len(bad)} cells that are not, such as "
            f"{sorted(bad.unique())[:3]}. Correct them, or leave them empty where the number is missing."
        )
    return numbers


def count_infinite(numbers):
    """Returns how many of `numbers` are infinite, or would be in float32."""
    return int((numbers.abs() > LARGEST).sum())
