"""Dividing a table into rows to learn from, to decide with, and to report on."""

import dataclasses
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from keras_regkit._core.checks import Interval, OneOf
from keras_regkit._core.extras import require
from keras_regkit._core.types import Frame
from keras_regkit._core.warnings import DataWarning
from keras_regkit.tables.require_column import require_column

RANGES: dict[str, Any] = {
    "task": OneOf("binary", "multiclass", "regression"),
    "validation": Interval(0, 1, closed="neither"),
    "test": Interval(0, 1, closed="neither"),
    "seed": Interval(0, 2**32 - 1, integer=True),
}
# Groups differ in size and classes: of this many random divisions, the most balanced one is taken.
GROUP_DRAWS = 50
PARTS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """Row numbers of the three parts of a table, and what was checked about them.

    Args:
        train, validation, test: Sorted int64 arrays of row positions.
        stratified: Whether each class has its share in each part, up to rounding.
        group: Name of the group column, or None.
        groups: Number of groups in each part: `{part: count}`; None without a group column.
        disjoint: Whether no row, and no group, is in two parts. Verified, not assumed.
        duplicates: Rows of validation and test whose features also occur in an earlier part.
        conflicts: Rows whose features occur elsewhere in the table with another target.
        seed: The seed it was made with.
        notes: Sentences on what a reader should know.
    """

    train: np.ndarray
    validation: np.ndarray
    test: np.ndarray
    stratified: bool
    group: str | None
    groups: dict | None
    disjoint: bool
    duplicates: int
    conflicts: int
    seed: int
    notes: tuple = ()

    @property
    def sizes(self) -> dict[str, int]:
        """Rows of each part: `{"train": ..., "validation": ..., "test": ...}`."""
        return {part: len(getattr(self, part)) for part in PARTS}

    def summary(self) -> dict[str, Any]:
        """Returns all but the row numbers, in what JSON knows."""
        fields = ("stratified", "group", "groups", "disjoint", "duplicates", "conflicts", "seed")
        record = {name: getattr(self, name) for name in fields}
        return {"sizes": self.sizes, **record, "notes": list(self.notes)}


def split_table(
    frame: Frame,
    target: str,
    *,
    task: str,
    group: str | None = None,
    validation: float = 0.2,
    test: float = 0.2,
    seed: int = 0,
    features: Sequence[str] | None = None,
) -> Split:
    """Splits the rows of a table into train, validation and test.

    Classes keep their shares in every part. With `group`, all rows of one group (a patient, a recording) stay in one
    part: use it whenever rows of one group resemble each other, or the scores are of memory, not of learning. Of
    50 random divisions of the groups, the one whose parts come closest to the wanted sizes and shares is taken.

    Args:
        frame: A DataFrame without missing targets.
        target: Name of the target column.
        task: `"binary"`, `"multiclass"` or `"regression"`, as `infer_task` returns it.
        group: Name of a column whose values stay together, or None.
        validation: Share of the rows to decide with, in (0, 1). Defaults to 0.2.
        test: Share of the rows to report on, in (0, 1). Defaults to 0.2.
        seed: The same seed gives the same split. In [0, 2**32 − 1]; defaults to 0.
        features: Names of the columns in which duplicates are looked for. Defaults to all but target and group; pass
            `schema.features`, or an identifier makes every row look unique.

    Returns:
        A `Split`.

    Raises:
        ValueError: the shares leave nothing to train on, there are too few rows, groups or rows of a class.

    >>> import pandas
    >>> frame = pandas.DataFrame({"x": range(50), "y": [0, 1] * 25})
    >>> split_table(frame, "y", task="binary").sizes
    {'train': 30, 'validation': 10, 'test': 10}
    """
    for name, value in (("task", task), ("validation", validation), ("test", test), ("seed", seed)):
        RANGES[name].check(name, value)
    if validation + test >= 1:
        raise ValueError(
            "`validation` and `test` together must be less than 1, or nothing is left to train on. "
            f"Received: validation={validation}, test={test}"
        )
    require_column(frame, target, "target")
    labels = None if task == "regression" else frame[target].astype(str).to_numpy()
    if group is None:
        parts = _split_rows(len(frame), labels, validation, test, seed)
        members = np.arange(len(frame))
    else:
        require_column(frame, group, "group")
        members = _group_numbers(frame[group], group)
        parts = _split_groups(members, group, labels, validation, test, seed)
    absent = _absent_classes(labels, parts, target)
    features = [c for c in frame.columns if c not in (target, group)] if features is None else features
    duplicates, conflicts = _count_duplicates(frame, list(features), target, parts)
    notes = (*absent, *_notes(duplicates, conflicts))
    if absent or duplicates:
        warnings.warn(" ".join(notes), DataWarning, stacklevel=2)
    train, validation_rows, test_rows = parts
    return Split(
        train,
        validation_rows,
        test_rows,
        stratified=labels is not None and group is None,
        group=group,
        groups=None
        if group is None
        else {p: len(np.unique(members[rows])) for p, rows in zip(PARTS, parts, strict=True)},
        disjoint=_verify(members, parts),
        duplicates=duplicates,
        conflicts=conflicts,
        seed=seed,
        notes=notes,
    )


def _split_rows(rows, labels, validation, test, seed):
    everything = np.arange(rows)
    rest, test_rows = _cut(everything, labels, round(rows * test), "test", seed)
    train, validation_rows = _cut(rest, labels, round(rows * validation), "validation", seed)
    return train, validation_rows, test_rows


def _cut(rows, labels, size, part, seed):
    """Cuts `size` of `rows` off, each class in proportion."""
    selection = require("sklearn.model_selection", extra="app", purpose="Splitting a table")
    if not 1 <= size < len(rows):
        raise ValueError(
            f"The {part} part would hold {size} of the {len(rows)} rows that are left. Use another "
            f"`{part}` share, or more rows."
        )
    strata = None if labels is None else labels[rows]
    if strata is not None:
        names, counts = np.unique(strata, return_counts=True)
        rare = names[counts < 2]
        if len(rare):
            raise ValueError(
                f"The class {rare[0]!r} of the target has too few rows to be in train, validation and "
                "test. Expected at least 3 rows of each class, and shares that leave some of them in "
                "each part. Remove the class, join it with another, or add rows."
            )
        if min(size, len(rows) - size) < len(names):
            raise ValueError(
                f"The {part} part, or what it leaves, would hold fewer rows than there are classes "
                f"({len(names)}): {size} of {len(rows)} rows. Use another `{part}` share, or more rows."
            )
    rest, cut = selection.train_test_split(rows, test_size=size, random_state=seed, stratify=strata)
    return np.sort(rest), np.sort(cut)


def _group_numbers(series, group):
    if series.isna().any():
        raise ValueError(
            f"The group column {group!r} must be known in every row. Received {int(series.isna().sum())} "
            "missing values. Fill them in, or remove these rows."
        )
    pandas = require("pandas", extra="app", purpose="Splitting a table")
    members, names = pandas.factorize(series)
    if len(names) < 3:
        raise ValueError(
            f"The group column {group!r} must hold at least 3 groups, one for each of train, validation "
            f"and test. Received {len(names)}. Choose another column, or split without groups."
        )
    return members


def _split_groups(members, group, labels, validation, test, seed):
    everything = np.arange(len(members))
    size = len(np.unique(members))
    rest, test_rows = _cut_groups(everything, members, labels, test, size, seed)
    train, validation_rows = _cut_groups(rest, members, labels, validation / (1 - test), size, seed + 1)
    return train, validation_rows, test_rows


def _cut_groups(rows, members, labels, share, size, seed):
    """Cuts whole groups off, about `share` of `rows`, each class about in proportion."""
    generator = np.random.default_rng(seed)
    groups = np.unique(members[rows])
    count = min(max(1, round(share * len(groups))), len(groups) - 1)
    strata = np.zeros(len(rows), int) if labels is None else labels[rows]
    _, strata = np.unique(strata, return_inverse=True)
    wanted = share * np.bincount(strata)
    best = None
    for _ in range(GROUP_DRAWS):
        chosen = np.isin(members[rows], generator.choice(groups, count, replace=False))
        received = np.bincount(strata[chosen], minlength=len(wanted))
        error = np.abs(received - wanted).sum() + len(rows) * np.any(received == np.bincount(strata))
        if best is None or error < best[0]:
            best = error, chosen
    return rows[~best[1]], rows[best[1]]


def _absent_classes(labels, parts, target):
    """Returns a note for each class that validation or test lacks; raises when train lacks one."""
    notes = []
    for part, rows in zip(PARTS, parts, strict=True):
        absent = [] if labels is None else sorted(set(labels) - set(labels[rows]))
        if absent and part == "train":
            raise ValueError(
                f"The train part has no row of these classes of the target {target!r}: {absent}. They "
                "occur in too few rows or groups. Remove them, join them, or use smaller shares."
            )
        if absent:
            notes.append(f"The {part} part has no row of the classes {absent}: nothing is known of them.")
    return notes


def _verify(members, parts):
    """Returns True, or raises when a row or group is in two parts or in none."""
    sets = [set(members[rows].tolist()) for rows in parts]
    together = set().union(*sets)
    if sum(map(len, sets)) != len(together) or len(np.concatenate(parts)) != len(members):
        raise RuntimeError("A row or a group is in two parts of the split. Please report this table.")
    return True


def _count_duplicates(frame, features, target, parts):
    pandas = require("pandas", extra="app", purpose="Splitting a table")
    # Text for what is no scalar, so that every table can be compared.
    comparable = frame[features].apply(lambda c: c.map(repr) if c.dtype == object else c)
    keys = pandas.util.hash_pandas_object(comparable, index=False).to_numpy()
    train, validation, test = (keys[rows] for rows in parts)
    duplicates = np.isin(validation, train).sum()
    duplicates += np.isin(test, np.concatenate([train, validation])).sum()
    targets = pandas.Series(frame[target].astype(str).to_numpy()).groupby(keys).transform("nunique")
    return int(duplicates), int((targets > 1).sum())


def _notes(duplicates, conflicts):
    notes = []
    if duplicates:
        notes.append(
            f"{duplicates} rows of the validation and test parts have the same features as a row of an "
            "earlier part: scores may be too good. Call `frame.drop_duplicates()` first, or name a "
            "`group` column that keeps copies together."
        )
    if conflicts:
        notes.append(
            f"{conflicts} rows have the same features as another row, but another target: no model can "
            "be right on all of them."
        )
    return tuple(notes)
