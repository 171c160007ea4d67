"""Which rows are trained on and which are held out: folds, repeated, by class, and never through a group."""

import dataclasses

import numpy as np

from keras_regkit._core.checks import Interval, OneOf

_MOST_CLASSES = 20  # more distinct whole numbers than that are taken for counts, not classes


@dataclasses.dataclass(frozen=True, eq=False)
class Split:
    """One way to part the rows.

    Args:
        repeat, fold: Its numbers, from 1.
        train, test: Indices of the rows, ascending.

    >>> split_rows(6, folds=3)[0].name
    'repeat1-fold1'
    """

    repeat: int
    fold: int
    train: np.ndarray
    test: np.ndarray

    @property
    def name(self):
        """Name of the split's folder."""
        return f"repeat{self.repeat}-fold{self.fold}"


def split_rows(rows, *, folds=5, repeats=1, classes=None, groups=None, seed=0):
    """Returns the `Split`s of a repeated k-fold cross-validation: every row is held out once in each repeat.

    With `classes` every fold gets its share of each. With `groups` all rows of a group are in one fold; groups go one
    by one, the most uneven first, to where they leave the shares of the classes most even.

    Args:
        rows: Number of rows.
        folds: Number of folds, ≥ 2.
        repeats: Number of repeats, each with another order, ≥ 1.
        classes, groups: One whole number per row, from 0; or None.
        seed: Of the order.

    Raises:
        ValueError: fewer rows or groups than folds.
    """
    Interval(2, integer=True).check("folds", folds)
    Interval(1, integer=True).check("repeats", repeats)
    units, what = (rows, "rows") if groups is None else (int(groups.max()) + 1, "groups")
    if units < folds:
        raise ValueError(f"`folds` must be at most the number of {what}, {units}. Received: {folds}")
    found = []
    for repeat in range(repeats):
        random = np.random.default_rng([seed, repeat])
        classes = np.zeros(rows, int) if classes is None else classes
        fold_of = _deal(classes, folds, random) if groups is None else _place(classes, groups, folds, random)
        for fold in range(folds):
            held = fold_of == fold
            found.append(Split(repeat + 1, fold + 1, np.flatnonzero(~held), np.flatnonzero(held)))
    return found


def classes_of(y, stratify):
    """Returns the class of each row as a number from 0; None where rows are not parted by class.

    Args:
        y: Targets: `(n,)` or `(n, 1)` labels, or one-hot `(n, K)`.
        stratify: True, False, or `"auto"`: by class where the targets are whole numbers with few different values.

    Raises:
        ValueError: `stratify=True` and the targets are no classes.
    """
    OneOf("auto", True, False).check("stratify", stratify)
    if stratify is False:
        return None
    y = np.asarray(y)
    if y.ndim == 2 and y.shape[1] > 1 and np.isin(y, (0, 1)).all() and (y.sum(axis=1) == 1).all():
        return y.argmax(axis=1)
    if y.ndim == 1 or (y.ndim == 2 and y.shape[1] == 1):
        values, codes = np.unique(y.reshape(-1), return_inverse=True)
        whole = values.dtype.kind != "f" or (values == np.round(values)).all()
        if whole and (len(values) <= _MOST_CLASSES or stratify is True):
            return codes
    if stratify is True:
        raise ValueError(
            f"`stratify=True` needs classes as targets: labels (n,) or (n, 1), or one-hot (n, K). Received: shape "
            f"{y.shape}, {len(np.unique(y))} different values. Use stratify=False for a regression"
        )
    return None


def groups_of(groups, rows):
    """Returns the group of each row as a number from 0; None for None."""
    if groups is None:
        return None
    groups = np.asarray(groups)
    if groups.shape != (rows,):
        raise ValueError(f"`groups` must hold one group for each of the {rows} rows. Received: shape {groups.shape}")
    return np.unique(groups, return_inverse=True)[1]


def _deal(classes, folds, random):
    """Deals the rows of each class like cards, going on where the class before ended."""
    order = random.permutation(len(classes))
    order = order[np.argsort(classes[order], kind="stable")]
    fold_of = np.empty(len(classes), int)
    fold_of[order] = np.arange(len(classes)) % folds
    return fold_of


def _place(classes, groups, folds, random):
    counts = np.zeros((groups.max() + 1, classes.max() + 1))
    np.add.at(counts, (groups, classes), 1)
    totals = np.maximum(counts.sum(axis=0), 1)
    order = random.permutation(len(counts))
    order = order[np.argsort(-counts[order].std(axis=1) - counts[order].sum(axis=1), kind="stable")]
    filled, place = np.zeros((folds, counts.shape[1])), np.empty(len(counts), int)
    for group in order:
        # How uneven the classes' shares would lie over the folds, were the group put into each of them.
        tried = filled[None] + np.eye(folds)[:, :, None] * counts[group]
        uneven = (tried / totals).std(axis=1).mean(axis=1)
        place[group] = np.lexsort((filled.sum(axis=1), np.round(uneven, 12)))[0]
        filled[place[group]] += counts[group]
    return place[groups]
