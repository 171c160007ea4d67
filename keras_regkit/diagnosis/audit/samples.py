"""Rows of a data set, as an audit looks at them: all, or as many as can be looked at."""

import collections.abc
import dataclasses
import math

import keras
import numpy as np

from keras_regkit._core.data import as_arrays, count_rows, is_arrays
from keras_regkit.diagnosis.audit.cannot_run import CannotRun

ROWS = 10_000
VALUES = 20_000_000  # numbers in the inputs, so that large images do not fill the memory


@dataclasses.dataclass(frozen=True)
class Sample:
    """Rows of a data set in their order.

    Args:
        x, y, weight: NumPy arrays or nested structures of them; `None` for what is not there.
        rows: Number of each row within the data, an increasing array of integers.
        total: Number of rows of the data, `None` where it is not known.
        whole: Whether these are all of them.
        as_arrays: Whether the data were given as arrays, so that `fit` shuffles them and can split them.
    """

    x: object
    y: object
    weight: object
    rows: np.ndarray
    total: int | None
    whole: bool
    as_arrays: bool

    def shuffled_batches(self, size, rows):
        """Returns a list of batches `(x, y, weight)` of `size`, of up to about `rows` rows in a fixed random order."""
        order = np.random.default_rng(0).permutation(len(self.rows))
        size = min(size, len(order))
        # A short batch would have statistics of its own.
        count = max(1, min(rows, len(order)) // size)
        return [
            keras.tree.map_structure(
                lambda leaf: None if leaf is None else leaf[order[i * size : (i + 1) * size]],  # noqa: B023 (used at once)
                (self.x, self.y, self.weight),
            )
            for i in range(count)
        ]


def take_sample(data, name):
    """Returns a `Sample` of arrays (rows drawn at random), or of the first batches of a dataset.

    Raises:
        CannotRun: the data can be read only once, or not at all, or are empty.
    """
    try:
        return _of_arrays(data, name) if is_arrays(data) else _of_batches(data, name)
    except (TypeError, ValueError) as error:
        raise CannotRun(str(error)) from error


def one_batch(data, size, name):
    """Returns the first batch as `(x, y, weight)` of NumPy arrays.

    Raises:
        CannotRun: as for `take_sample`.
    """
    try:
        if is_arrays(data):
            if not _length(data):
                raise CannotRun(f"`{name}` has no rows")
            return as_arrays(tuple(_rows(part, np.arange(min(size, _length(data)))) for part in data), name)
        return next(iter(_batches(data, name)))
    except StopIteration:
        raise CannotRun(f"`{name}` holds no batch") from None
    except (TypeError, ValueError) as error:
        raise CannotRun(str(error)) from error


def _of_arrays(data, name):
    total = _length(data)
    if not total:
        raise CannotRun(f"`{name}` has no rows")
    leaves = [leaf for leaf in keras.tree.flatten(data[0]) if leaf is not None]
    values = sum(math.prod(np.shape(leaf)[1:]) for leaf in leaves)
    count = max(1, min(total, ROWS, VALUES // max(values, 1)))
    rows = np.arange(total)
    if count < total:
        rows = np.sort(np.random.default_rng(0).choice(total, count, replace=False))
        data = tuple(_rows(part, rows) for part in data)
    return Sample(*as_arrays(data, name), rows, total, count == total, True)


def _of_batches(data, name):
    batches, count, values, whole = [], 0, 0, True
    for batch in _batches(data, name):
        if count >= ROWS or values >= VALUES:
            whole = False
            break
        batches.append(batch)
        count += count_rows(batch)
        values += sum(np.size(leaf) for leaf in keras.tree.flatten(batch[0]) if leaf is not None)
    if not count:
        raise CannotRun(f"`{name}` has no rows")
    parts = keras.tree.map_structure(_joined, *batches)
    return Sample(*parts, np.arange(count), count if whole else None, whole, False)


def _joined(*leaves):
    return None if leaves[0] is None else np.concatenate(leaves)


def _batches(data, name):
    """Yields batches; a dataset without end goes on for as long as it is asked."""
    if isinstance(data, keras.utils.PyDataset):
        count = data.num_batches
        batches = (data[i] for i in (range(count) if count is not None else iter(int, 1)))
        if count is None:
            batches = _endless(data)
    elif isinstance(data, collections.abc.Iterator):
        # Reading it would take its batches away from `fit`.
        raise TypeError(f"`{name}` can be read only once, so it was not. Received: {type(data).__name__}")
    elif isinstance(data, collections.abc.Iterable) and not hasattr(data, "shape"):
        batches = iter(data)
    else:
        raise TypeError(f"`{name}` must be (x, y) arrays or a dataset of batches. Received: {type(data).__name__}")
    for batch in batches:
        x, y, weight = keras.utils.unpack_x_y_sample_weight(batch)
        yield tuple(_arrays(part) for part in (x, y, weight))


def _endless(data):
    i = 0
    while True:
        yield data[i]
        i += 1


def _arrays(part):
    return keras.tree.map_structure(_array, part)


def _array(value):
    if value is None:
        return None
    return keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else np.asarray(value)


def _length(data):
    leaves = [leaf for leaf in keras.tree.flatten(data) if leaf is not None]
    if any(np.ndim(leaf) == 0 for leaf in leaves):
        raise TypeError("data must be arrays with a row for each sample. Received a single number")
    return min(map(len, leaves)) if leaves else 0


def _rows(part, rows):
    return keras.tree.map_structure(lambda leaf: _take(leaf, rows), part)


def _take(leaf, rows):
    if leaf is None:
        return None
    if hasattr(leaf, "iloc"):  # a data frame
        return leaf.iloc[rows]
    return np.asarray(leaf)[rows] if isinstance(leaf, list) else _array(leaf)[rows]
