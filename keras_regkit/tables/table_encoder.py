"""From the columns of a table to the matrix that a network takes."""

import numpy as np

from keras_regkit._core.checks import did_you_mean
from keras_regkit._core.extras import require
from keras_regkit.tables.cells_as_numbers import count_infinite, to_numbers
from keras_regkit.tables.table_schema import TableSchema

MISSING = ""  # how a missing category is written, here and in the inputs of the exported model
# A category seen once has taught nothing, but such rows together teach what to do with an unknown one.
FEWEST_ROWS = 2
# A standard deviation below this share of the mean is rounding: the column is constant.
FLOAT32_DIGITS = 1e-7


class TableEncoder:
    """Encodes the columns of a table as one float32 matrix, with what it learned from the training rows.

    Numbers are standardized by mean and standard deviation, after missing ones are set to the median; a column with
    missing numbers gets a second, 0/1 feature that says so. A category becomes one feature per category seen at least
    twice, missing being one of them. Rarer ones share an *unknown* feature, and so do later unseen ones; a column
    without rare categories has no such feature, and an unseen one is then encoded as zeros: nothing was learned, so
    nothing is added.

    Args:
        schema: A `TableSchema`.

    Shapes:
        `transform`: table of `n` rows → `(n, len(feature_names))`.

    >>> import pandas
    >>> from keras_regkit.tables import describe_columns
    >>> frame = pandas.DataFrame({"age": [20.0, 40.0, None, 30.0], "city": ["Rome", "Oslo"] * 2, "y": [0, 1, 0, 1]})
    >>> encoder = TableEncoder(describe_columns(frame, "y")).fit(frame)
    >>> encoder.feature_names
    ('age', 'age is missing', 'city = Oslo', 'city = Rome')
    >>> encoder.transform(frame)[2]
    array([0., 1., 0., 1.], dtype=float32)
    """

    def __init__(self, schema: TableSchema):
        if not isinstance(schema, TableSchema):
            raise TypeError(
                "`schema` must be a TableSchema, as `describe_columns` returns it. "
                f"Received: {schema!r} of type {type(schema).__name__}"
            )
        self.schema = schema
        self.medians = None
        self.means = None
        self.scales = None
        self.indicated = None
        self.vocabularies = None
        self.unknown = None

    def fit(self, frame):
        """Learns medians, means, scales and categories from the rows of `frame`; returns the encoder."""
        numbers = self._numbers(frame)
        missing = np.isnan(numbers)
        # A column may hold values elsewhere and none in these rows.
        medians = [np.median(c[~m]) if not m.all() else 0.0 for c, m in zip(numbers.T, missing.T, strict=True)]
        filled = np.where(missing, np.array(medians, "float32"), numbers).astype("float64")
        scales = filled.std(axis=0)
        names = self.schema.numeric
        self.medians = {n: float(np.float32(m)) for n, m in zip(names, medians, strict=True)}
        self.means = {n: float(m) for n, m in zip(names, filled.mean(axis=0), strict=True)}
        self.scales = {
            n: float(s) if s > FLOAT32_DIGITS * abs(self.means[n]) else 1.0 for n, s in zip(names, scales, strict=True)
        }
        self.indicated = [n for n, m in zip(names, missing.any(axis=0), strict=True) if m]
        self.vocabularies, self.unknown = {}, []
        for name, texts in self._texts(frame).items():
            self._fit_categories(name, texts)
        return self

    def _fit_categories(self, name, texts):
        values, counts = np.unique(texts, return_counts=True)
        frequent = values[counts >= FEWEST_ROWS]
        # Most frequent first; equal counts in alphabetical order, so that the same rows give the same encoder.
        order = np.argsort(-counts[counts >= FEWEST_ROWS], kind="stable")
        kept = sorted(frequent[order][: self.schema.max_categories].tolist())
        self.vocabularies[name] = kept
        if len(kept) < len(values):
            self.unknown.append(name)

    def transform(self, frame):
        """Returns the rows of `frame` as a float32 matrix.

        Raises:
            RuntimeError: the encoder was not fitted.
            ValueError: a column is missing, or holds what the fitted one did not: text for numbers, infinities.
        """
        self._check_fitted()
        names = self.schema.numeric
        numbers = self._numbers(frame)
        missing = np.isnan(numbers)
        filled = np.where(missing, self._row(self.medians, names), numbers)
        parts = [(filled - self._row(self.means, names)) / self._row(self.scales, names)]
        parts.append(missing[:, [names.index(name) for name in self.indicated]])
        for name, texts in self._texts(frame).items():
            vocabulary = self.vocabularies[name]
            # Position -1, an unseen text, sets the last column, which is then moved or removed.
            one_hot = np.zeros((len(texts), len(vocabulary) + 1), "float32")
            one_hot[np.arange(len(texts)), _positions(texts, vocabulary)] = 1
            if name in self.unknown:
                parts.append(one_hot[:, -1:])
            parts.append(one_hot[:, :-1])
        return np.concatenate([part.astype("float32") for part in parts], axis=1)

    @property
    def feature_names(self):
        """Names of the matrix's columns."""
        self._check_fitted()
        names = [*self.schema.numeric, *(f"{name} is missing" for name in self.indicated)]
        for column, categories in self.vocabularies.items():
            if column in self.unknown:
                names.append(f"{column} is unknown")
            names += [f"{column} = {text}" if text != MISSING else f"{column} is missing" for text in categories]
        return tuple(names)

    def notes(self, frame, part="validation"):
        """Returns sentences on the categories of `frame` that have no feature of their own.

        Args:
            frame: A DataFrame.
            part: What to call these rows.
        """
        self._check_fitted()
        notes = []
        for name, texts in self._texts(frame).items():
            unseen = texts[_positions(texts, self.vocabularies[name]) < 0]
            if len(unseen):
                shown = ", ".join(repr(text) for text in sorted(set(unseen))[:3])
                notes.append(
                    f"{len(unseen)} of {len(texts)} {part} rows hold a category of {name!r} that the training "
                    f"rows do not have, or hardly ({shown}): it counts as unknown."
                )
        return tuple(notes)

    def get_config(self):
        """Returns the encoder, with what it learned, in what JSON knows."""
        learned = ("medians", "means", "scales", "indicated", "vocabularies", "unknown")
        return {"schema": self.schema.get_config(), **{name: getattr(self, name) for name in learned}}

    @classmethod
    def from_config(cls, config):
        """Returns the encoder that `get_config` described, also after a trip through JSON."""
        encoder = cls(TableSchema.from_config(config["schema"]))
        for name, value in config.items():
            if name != "schema":
                setattr(encoder, name, value)
        return encoder

    def _check_fitted(self):
        if self.vocabularies is None:
            raise RuntimeError("The encoder has learned nothing yet. Call `fit` with the training rows first.")

    @staticmethod
    def _row(values, names):
        return np.array([values[name] for name in names], "float32")

    def _numbers(self, frame):
        return numeric_matrix(frame, self.schema)

    def _texts(self, frame):
        return category_texts(frame, self.schema)


def numeric_matrix(frame, schema):
    """Returns the numeric columns of `frame` as a float32 matrix, NaN where a number is missing."""
    _check_columns(frame, schema)
    columns = []
    for column in schema.columns:
        if column.kind not in ("numeric", "boolean"):
            continue
        numbers = to_numbers(frame[column.name], column.name, column.missing_tokens)
        count = count_infinite(numbers)
        if count:
            raise ValueError(
                f"Column {column.name!r} must be finite and within float32. Received {count} infinite or "
                "larger values. Replace them by empty cells if they are unknown, or clip them."
            )
        columns.append(numbers.to_numpy("float32"))
    return np.stack(columns, axis=1) if columns else np.zeros((len(frame), 0), "float32")


def category_texts(frame, schema):
    """Returns the category columns of `frame` as arrays of text: `{column: array}`."""
    _check_columns(frame, schema)
    pandas = require("pandas", extra="app", purpose="Encoding a table")
    texts = {}
    for name in schema.categories:
        series = frame[name]
        if pandas.api.types.is_float_dtype(series.dtype) and series.notna().any():
            raise ValueError(
                f"Column {name!r} holds categories in the table the encoder was made for. Received "
                f"numbers of type {series.dtype}. Convert the column to text first."
            )
        cells = series.astype(object)
        texts[name] = np.array(
            [MISSING if gone else str(cell) for cell, gone in zip(cells, cells.isna(), strict=True)], dtype=object
        )
    return texts


def _positions(texts, vocabulary):
    pandas = require("pandas", extra="app", purpose="Encoding a table")
    return pandas.Index(vocabulary, dtype=object).get_indexer(texts)


def _check_columns(frame, schema):
    absent = [name for name in schema.features if name not in frame.columns]
    if absent:
        hint = did_you_mean(absent[0], list(frame.columns))
        raise ValueError(
            f"The table must have the columns {list(schema.features)[:20]}. Missing: {absent[:20]}.{hint} "
            f"Received the columns: {list(frame.columns)[:20]}"
        )
