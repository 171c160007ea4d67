"""What each column of a table is, as a plain record."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from keras_regkit._core.checks import OneOf
from keras_regkit._core.words import counted

KINDS = OneOf("numeric", "boolean", "category", "dropped")


@dataclasses.dataclass(frozen=True)
class Column:
    """One column: what it is and, when that is not obvious, why.

    Args:
        name: Name of the column in the table.
        kind: `"numeric"`, `"boolean"`, `"category"` or `"dropped"`.
        reason: Why the column was dropped or changed, as a sentence; empty otherwise.
        missing_tokens: Texts that stand for a missing number in this column, such as `"?"`.
        empty: Number of cells without a value, those with such a text among them.
    """

    name: str
    kind: str
    reason: str = ""
    missing_tokens: tuple = ()
    empty: int = 0

    def __post_init__(self):
        KINDS.check("kind", self.kind)
        object.__setattr__(self, "missing_tokens", tuple(self.missing_tokens))

    @property
    def remark(self) -> str:
        """The reason, and what is done about empty cells."""
        if not self.empty or self.kind == "dropped":
            return self.reason
        done = (
            "as a category, if there are two or more to learn from" if self.kind == "category" else "set to the median"
        )
        return f"{self.reason} {counted(self.empty, 'empty cell')}: {done}.".lstrip()


@dataclasses.dataclass(frozen=True)
class TableSchema:
    """The columns of a table, the target apart.

    Usually made by `describe_columns`; made by hand when a column's kind is to be forced.

    Args:
        columns: The `Column` records, in the table's order, without target and group.
        target: Name of the target column.
        group: Name of the group column, or None.
        max_categories: Categories of one column that get a slot of their own, at most.
        notes: Sentences on everything that was dropped or changed.

    >>> schema = TableSchema((Column("age", "numeric"), Column("km/h", "numeric")), target="y")
    >>> schema.features
    ('age', 'km/h')
    >>> schema.input_names
    {'age': 'age', 'km/h': 'km_h'}
    """

    columns: tuple
    target: str
    group: str | None = None
    max_categories: int = 100
    notes: tuple = ()

    def __post_init__(self):
        object.__setattr__(self, "columns", tuple(self.columns))
        object.__setattr__(self, "notes", tuple(self.notes))

    @property
    def numeric(self) -> tuple[str, ...]:
        """Names of the numeric and boolean columns."""
        return tuple(c.name for c in self.columns if c.kind in ("numeric", "boolean"))

    @property
    def categories(self) -> tuple[str, ...]:
        """Names of the category columns."""
        return tuple(c.name for c in self.columns if c.kind == "category")

    @property
    def dropped(self) -> dict[str, str]:
        """The dropped columns with their reasons: `{name: reason}`."""
        return {c.name: c.reason for c in self.columns if c.kind == "dropped"}

    @property
    def features(self) -> tuple[str, ...]:
        """Names of the columns in use, in the table's order."""
        return tuple(c.name for c in self.columns if c.kind != "dropped")

    @property
    def input_names(self) -> dict[str, str]:
        """A dict from column to the model's input. Names differ where Keras forbids one (`km/h`)."""
        names = {}
        taken = set(self.features)
        for column in self.features:
            name = column
            if not name or "/" in name:
                name = name.replace("/", "_") or "unnamed"
                while name in taken:
                    name += "_"
                taken.add(name)
            names[column] = name
        return names

    def get_config(self) -> dict[str, Any]:
        """Returns the schema in what JSON knows."""
        return dataclasses.asdict(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> "TableSchema":
        """Returns the schema that `get_config` described, also after a trip through JSON."""
        columns = tuple(Column(**column) for column in config["columns"])
        return cls(**{**config, "columns": columns})
