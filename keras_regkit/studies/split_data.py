"""A table for cross-validation: parted by rows, and prepared from the training rows alone."""

import keras
import numpy as np

from keras_regkit._core.data import as_arrays, count_rows
from keras_regkit.studies.splits import classes_of, groups_of, split_rows


class SplitData:
    """The rows of a table, and what may be done to a part of them.

    Args:
        x, y, sample_weight: Arrays of equally many rows; x may be a nested structure.
        groups, stratify: As in `cross_validate`.
        prepare: Function of the training rows' x that returns a function for any rows' x; or None.
    """

    def __init__(self, x, y, sample_weight, groups, stratify, prepare):
        if prepare is not None and not callable(prepare):
            raise TypeError(
                "`prepare` must be a function of the training rows' x that returns a function to transform x with. "
                f"Received: {prepare!r}"
            )
        self._arrays = as_arrays((x, y, sample_weight), "x, y")
        self.rows = count_rows(self._arrays)
        self._classes = classes_of(self._arrays[1], stratify) if not isinstance(y, (dict, list)) else None
        self._groups = groups_of(groups, self.rows)
        self._prepare = prepare

    def splits(self, folds, repeats, seed):
        """Returns the `Split`s of all rows."""
        return split_rows(
            self.rows, folds=folds, repeats=repeats, classes=self._classes, groups=self._groups, seed=seed
        )

    def part(self, rows, share, seed):
        """Parts `rows` once more, and returns `(most of them, about a share of them)`, by class and group as well."""
        classes, groups = (
            None if a is None else np.unique(a[rows], return_inverse=True)[1] for a in (self._classes, self._groups)
        )
        folds = max(2, round(1 / share))
        if groups is not None:
            folds = max(2, min(folds, len(np.unique(groups))))  # a part is a group at least
        split = split_rows(len(rows), folds=folds, classes=classes, groups=groups, seed=seed)[0]
        return rows[split.train], rows[split.test]

    def take(self, train, *others):
        """Returns `(x, y[, sample_weight])` of each list of rows; x prepared by what the first list holds."""
        taken = [self._rows(rows) for rows in (train, *others)]
        if self._prepare is None:
            return taken
        transform = self._prepare(taken[0][0])
        if not callable(transform):
            raise TypeError(f"`prepare` must return a function to transform x with. It returned: {transform!r}")
        return [(transform(x), *rest) for x, *rest in taken]

    def _rows(self, rows):
        return tuple(keras.tree.map_structure(lambda a: a[rows], part) for part in self._arrays if part is not None)
