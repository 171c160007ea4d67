"""The record that `augment_dataset` returns."""

import dataclasses
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Array, Data

_RANGES = {
    "validation": Interval(0, 1, closed="neither"),
    "seed": Interval(0, closed="left", integer=True),
}


@dataclasses.dataclass(frozen=True, eq=False, repr=False)
class AugmentedDataset:
    """A dataset and augmented copies of its rows, and which row each came from. Made by `augment_dataset`.

    Args:
        x: Inputs, as they were given: an array, or a list or dict of arrays, or a list of texts.
        y: Labels, or None.
        source: For each row the number of the row that it came from, in the dataset that was augmented.
        is_original: For each row whether it is that row itself.
        sample_weight: Weights, or None.

    Example:

    >>> record = AugmentedDataset(np.arange(6), None, np.array([0, 1, 2, 0, 1, 2]), np.arange(6) < 3)
    >>> train, validation = record.split(1 / 3, seed=0)
    >>> sorted({*train.source} & {*validation.source}), validation.is_original.all().item()
    ([], True)
    """

    x: Any
    y: Any
    source: np.ndarray
    is_original: np.ndarray
    sample_weight: Any = None

    def __len__(self):
        return len(self.source)

    def __repr__(self):
        return f"AugmentedDataset({len(self)} rows, {int(self.is_original.sum())} of them originals)"

    @property
    def data(self) -> Data:
        """`(x, y)` or `(x, y, sample_weight)`, as `validation_data` of `fit` takes them; `x` where there is no y."""
        if self.y is None:
            return self.x
        return (self.x, self.y) if self.sample_weight is None else (self.x, self.y, self.sample_weight)

    def take(self, rows: Array) -> "AugmentedDataset":
        """Returns the record of these rows: whole numbers, or one boolean for each row."""
        rows = self._numbers(rows)
        x, y, weight = (take_rows(part, rows) for part in (self.x, self.y, self.sample_weight))
        return AugmentedDataset(x, y, self.source[rows], self.is_original[rows], weight)

    def split(
        self,
        validation: float = 0.2,
        groups: Array | None = None,
        stratify: bool | Array | None = None,
        seed: int = 0,
    ) -> tuple["AugmentedDataset", "AugmentedDataset"]:
        """Returns a part for training and one for validation, with no row of one beside its copies in the other.

        Rows are drawn by where they came from. The validation part holds originals alone: what a model will see is
        not augmented.

        Args:
            validation: Share of the originals, strictly between 0 and 1. Defaults to 0.2.
            groups: What belongs together, such as patients: one for each row of the dataset that was augmented. Whole
                groups are drawn, until the share is as near as it gets. Defaults to None.
            stratify: True for a share of each class of y, or an array of classes, one for each row of the dataset that
                was augmented. Defaults to None.
            seed: Integer seed, at least 0. Defaults to 0.

        Returns:
            Two `AugmentedDataset`, training and validation.

        Raises:
            TypeError, ValueError: an argument is out of its range, or a part would be empty.
        """
        check_arguments(_RANGES, validation=validation, seed=seed)
        if groups is not None and stratify is not None and stratify is not False:
            raise ValueError(
                "`groups` and `stratify` cannot both be kept here. Received: both. Use sklearn's StratifiedGroupKFold "
                "on the rows, with groups[record.source] as its groups, and record.check_split(train, validation)"
            )
        sources = np.unique(self.source)
        kinds = self._per_source(groups, "groups", sources)
        if stratify is not None and stratify is not False:
            kinds = self._classes(sources) if stratify is True else self._per_source(stratify, "stratify", sources)
        random = np.random.default_rng(seed)
        if groups is not None:
            held = random_groups(kinds, validation, random)
        else:
            held = random_rows(len(sources), kinds, validation, random)
        if not 0 < held.sum() < len(sources):
            raise ValueError(
                f"`validation` must leave originals in both parts. Received: validation={validation} for "
                f"{len(sources)} originals" + (f" in {len(np.unique(kinds))} groups" if groups is not None else "")
            )
        is_held = held[np.searchsorted(sources, self.source)]
        train, held_out = np.flatnonzero(~is_held), np.flatnonzero(is_held & self.is_original)
        self.check_split(train, held_out)
        return self.take(train), self.take(held_out)

    def check_split(self, *parts: Array) -> None:
        """Raises `ValueError` where rows that came from the same row lie in different parts.

        Use it on splits that were made elsewhere, such as those of sklearn:

            for train, test in KFold(5).split(record.source):
                record.check_split(train, test)   # raises: GroupKFold with groups=record.source does not

        Args:
            *parts: At least two: for each part the numbers of its rows in this record, or one boolean for each row.

        Raises:
            ValueError: parts share a source.
        """
        if len(parts) < 2:
            raise TypeError(f"`check_split` takes the rows of at least two parts. Received: {len(parts)}")
        found = [np.unique(self.source[self._numbers(part)]) for part in parts]
        for k, sources in enumerate(found):
            for m in range(k):
                shared = np.intersect1d(found[m], sources)
                if len(shared):
                    raise ValueError(
                        f"Parts {m} and {k} must not hold copies of the same row: a model would be tested on what it "
                        f"was trained on. Received: {len(shared)} shared sources, first {shared[0]}. Use "
                        "record.split(), give record.source to sklearn's GroupKFold or GroupShuffleSplit as groups, or "
                        "split before augment_dataset"
                    )

    def _numbers(self, rows):
        rows = np.asarray(rows)
        if rows.dtype == bool and rows.shape != self.source.shape:
            raise ValueError(f"Booleans must be one for each of {len(self)} rows. Received: shape {rows.shape}")
        return np.flatnonzero(rows) if rows.dtype == bool else rows.astype("int64", casting="same_kind")

    def _per_source(self, values, name, sources):
        if values is None:
            return None
        values = np.asarray(values)
        if values.ndim != 1 or len(values) <= sources[-1]:
            raise ValueError(
                f"`{name}` must have one entry for each row of the dataset that was augmented. Received: shape "
                f"{values.shape} for sources up to {sources[-1]}"
            )
        return values[sources]

    def _classes(self, sources):
        if not isinstance(self.y, np.ndarray):
            raise ValueError(
                "`stratify=True` needs one array of classes as y. Received: "
                f"{type(self.y).__name__}. Give the classes: stratify=array"
            )
        first = np.zeros(sources[-1] + 1, dtype="int64")
        first[self.source[::-1]] = np.arange(len(self))[::-1]
        y = self.y[first[sources]]
        return y.argmax(-1) if y.ndim == 2 and y.shape[1] > 1 else y.ravel()


def take_rows(structure, rows):
    """Returns these rows of each array of a structure, and of lists of texts.

    >>> take_rows({"a": np.arange(3), "b": ["x", "y", "z"]}, np.array([2, 0]))
    {'a': array([2, 0]), 'b': ['z', 'x']}
    """
    if structure is None:
        return None
    if is_texts(structure):
        return type(structure)(structure[row] for row in rows.tolist())
    if isinstance(structure, dict):
        return {key: take_rows(value, rows) for key, value in structure.items()}
    if isinstance(structure, list | tuple):
        return type(structure)(take_rows(value, rows) for value in structure)
    return keras.ops.convert_to_numpy(structure)[rows] if keras.ops.is_tensor(structure) else structure[rows]


def is_texts(value):
    """Whether a value is a list of strings."""
    return isinstance(value, list | tuple) and len(value) > 0 and isinstance(value[0], str | bytes)


def random_rows(count, classes, share, random):
    """Returns booleans that hold a share of the rows, and of each class as near to it as whole rows go.

    >>> held = random_rows(6, np.array([0, 0, 0, 0, 1, 1]), 0.5, np.random.default_rng(0))
    >>> int(held[:4].sum()), int(held[4:].sum())
    (2, 1)
    """
    names, members = np.unique(np.zeros(count) if classes is None else classes, return_inverse=True)
    held = np.zeros(count, dtype=bool)
    for name in range(len(names)):
        rows = random.permutation(np.flatnonzero(members == name))
        held[rows[: round(share * len(rows))]] = True
    return held


def random_groups(groups, share, random):
    """Returns booleans that hold whole groups, with as near to a share of the rows as their order allows.

    >>> random_groups(np.array([0, 0, 1, 1]), 0.4, np.random.default_rng(0)).reshape(2, 2).all(1).sum().item()
    1
    """
    names, members, sizes = np.unique(groups, return_inverse=True, return_counts=True)
    order = random.permutation(len(names))
    reached = np.cumsum(sizes[order])
    count = int(np.argmin(np.abs(reached - share * len(members)))) + 1
    return np.isin(members, order[:count])
