"""Rows of data as numbers that can be compared: columns, and short vectors of rows of any shape."""

import dataclasses

import keras
import numpy as np

from keras_regkit.diagnosis.audit.cannot_run import CannotRun

_SIDE = 8  # images are looked at in 8 by 8
_STEPS = 16
_DIMENSIONS = 32
SPLITS = ("train", "validation", "test")


@dataclasses.dataclass(frozen=True)
class Column:
    """One column of the inputs.

    Args:
        name: As findings say it.
        values: One for each row: floats, or strings for categories.
        of_row: Whether it is a summary of a row (the mean of an image) and no column of its own.
    """

    name: str
    values: np.ndarray
    of_row: bool = False

    @property
    def is_text(self):
        """Whether it holds categories by name."""
        return self.values.dtype.kind not in "biuf"


def given_splits(case, at_least=1):
    """Returns the names of the splits that were given.

    Raises:
        CannotRun: there are fewer than `at_least`.
    """
    found = [name for name in SPLITS if case.data[name] is not None]
    if len(found) < at_least:
        raise CannotRun(
            "it needs data of two of train=, validation= and test=" if at_least > 1 else "no data were given"
        )
    return found


def pairs_of_splits(case):
    """Returns `[(earlier, later)]` of the splits that were given: train before validation before test."""
    found = given_splits(case, at_least=2)
    return [(a, b) for i, a in enumerate(found) for b in found[i + 1 :]]


def columns_of(x):
    """Returns the `Column`s of inputs: of tables each column; of images, series and texts the mean and spread of rows.

    Args:
        x: An array or a nested structure of arrays.
    """
    found = []
    for name, leaf in _named(x):
        if leaf.dtype.kind not in "biuf":
            if leaf.ndim == 1 or (leaf.ndim == 2 and leaf.shape[1] == 1):
                found.append(Column(name or "text", leaf.reshape(-1).astype(str)))
            elif leaf.ndim == 2 and leaf.dtype.kind == "O":
                found += _mixed_columns(name, leaf)
            continue
        if leaf.ndim == 1:
            found.append(Column(name or "input", leaf.astype("float64")))
        elif leaf.ndim == 2:
            found += [Column(_label(name, i), leaf[:, i].astype("float64")) for i in range(leaf.shape[1])]
        else:
            flat = leaf.reshape(len(leaf), -1).astype("float64")
            where = f" of {name}" if name else ""
            found.append(Column(f"mean{where}", flat.mean(1), True))
            found.append(Column(f"spread{where}", flat.std(1), True))
    return found


def vectors(x, reference=None):
    """Returns a short vector for each row, `(n, d)` float32, in which near rows are near.

    Images are averaged into 8 × 8 cells and series into 16 steps; every column is divided by its spread; more than 32
    columns are projected onto 32 random directions, which keeps distances within a few tenths (Johnson and
    Lindenstrauss 1984).

    Args:
        x: Inputs.
        reference: Inputs whose centre and spread are used; `x` itself by default.

    Raises:
        CannotRun: there are no numbers in the inputs.
    """
    flat = _flat(x)
    base = flat if reference is None else _flat(reference)
    if flat.shape[1] != base.shape[1]:
        raise CannotRun("the splits have inputs of different shapes")
    centre, spread = base.mean(0), base.std(0)
    used = spread > 1e-8 * (np.abs(centre) + 1e-12)
    if not used.any():
        raise CannotRun("all inputs are constant")
    z = np.clip((flat[:, used] - centre[used]) / spread[used], -10, 10)
    if z.shape[1] > _DIMENSIONS:
        directions = np.random.default_rng(0).standard_normal((z.shape[1], _DIMENSIONS))
        z = z @ directions / np.sqrt(z.shape[1])
    return z.astype("float32")


def mirrored(x):
    """Returns image inputs with left and right exchanged; `None` for inputs that are no single stack of images."""
    leaves = keras.tree.flatten(x)
    if len(leaves) != 1 or leaves[0].ndim != 4:
        return None
    width = 3 if keras.config.image_data_format() == "channels_first" else 2
    return np.flip(leaves[0], width)


def nearest(queries, rows, k, skip_self=False):
    """Returns the distances of the `k` nearest of `rows` for each of `queries`, ascending, and their indices."""
    found, order = [], []
    squares = (rows**2).sum(1)
    extra = int(skip_self)
    k = min(k + extra, len(rows))
    for start in range(0, len(queries), 512):
        block = queries[start : start + 512]
        d = squares[None] - 2 * block @ rows.T + (block**2).sum(1)[:, None]
        if skip_self:
            d[np.arange(len(block)), start + np.arange(len(block))] = -1.0
        near = np.argpartition(d, k - 1, axis=1)[:, :k]
        values = np.take_along_axis(d, near, 1)
        ascending = np.argsort(values, 1)
        found.append(np.take_along_axis(values, ascending, 1)[:, extra:])
        order.append(np.take_along_axis(near, ascending, 1)[:, extra:])
    # Rounding leaves a little of a distance of 0.
    return np.sqrt(np.maximum(np.concatenate(found), 0)), np.concatenate(order)


def _flat(x):
    parts = []
    for _, leaf in _named(x):
        if leaf.dtype.kind not in "biuf":
            continue
        leaf = np.nan_to_num(leaf.astype("float32"), nan=0.0, posinf=0.0, neginf=0.0)
        if leaf.ndim == 4:
            leaf = _pooled(leaf)
        elif leaf.ndim == 3:
            leaf = _averaged(leaf, 1, _STEPS)
        parts.append(leaf.reshape(len(leaf), -1))
    if not parts:
        raise CannotRun("the inputs hold no numbers")
    return np.concatenate(parts, 1)


def _pooled(images):
    if keras.config.image_data_format() == "channels_first":
        images = np.moveaxis(images, 1, -1)
    return _averaged(_averaged(images, 1, _SIDE), 2, _SIDE)


def _averaged(array, axis, cells):
    """Averages along an axis into so many cells, about equally wide."""
    size = array.shape[axis]
    if size <= cells:
        return array
    starts = np.linspace(0, size, cells, endpoint=False).astype(int)
    widths = np.diff([*starts, size]).reshape([-1 if i == axis else 1 for i in range(array.ndim)])
    return np.add.reduceat(array, starts, axis) / widths


def _named(x):
    """Returns `[(name, array)]` for the arrays of nested inputs."""
    if isinstance(x, dict):
        return [(f"{key}{'/' + name if name else ''}", leaf) for key, part in x.items() for name, leaf in _named(part)]
    if isinstance(x, (list, tuple)):
        return [
            (f"input {i}{'/' + name if name else ''}", leaf) for i, part in enumerate(x) for name, leaf in _named(part)
        ]
    return [] if x is None else [("", np.asarray(x))]


def _mixed_columns(name, leaf):
    found = []
    for i in range(leaf.shape[1]):
        try:
            found.append(Column(_label(name, i), leaf[:, i].astype("float64")))
        except (TypeError, ValueError):
            found.append(Column(_label(name, i), leaf[:, i].astype(str)))
    return found


def _label(name, i):
    return f"{name}/column {i}" if name else f"column {i}"
