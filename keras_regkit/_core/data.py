"""The kinds of data `fit` takes, seen as batches of NumPy arrays."""

import collections.abc

import keras
import numpy as np

from keras_regkit._core.backend import is_infinite


def as_batches(data, batch_size, name):
    """Returns a function that yields `(x, y, sample_weight)` batches of NumPy arrays, anew at each call.

    Args:
        data: `(x, y)` or `(x, y, sample_weight)` arrays (nested structures allowed), a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, or any iterable of batches that can be iterated again.
        batch_size: Rows per batch, for arrays. Datasets come batched.
        name: What to call the data in an error message.

    Raises:
        TypeError: for what cannot be iterated twice, or is no data at all.
        ValueError: for a dataset without end, or arrays of different lengths.
    """
    if is_arrays(data):
        arrays = as_arrays(data, name)
        return lambda: _slices(arrays, batch_size)
    if isinstance(data, keras.utils.PyDataset):
        if data.num_batches is None:
            raise ValueError(f"`{name}` must end. Received: a PyDataset with num_batches=None")
        return lambda: (_unpack(data[i]) for i in range(data.num_batches))
    once = isinstance(data, collections.abc.Iterator) or not isinstance(data, collections.abc.Iterable)
    # An array, or a list of two, can be iterated, but yields no batches of (x, y).
    if once or _is_array(data) or (isinstance(data, list) and any(map(_is_array, data))):
        raise TypeError(
            f"`{name}` must be (x, y) arrays, a tf.data.Dataset, a PyDataset or another iterable of batches "
            f"that can be read again and again. Received: {type(data).__name__}"
        )
    if is_infinite(data):
        raise ValueError(f"`{name}` must end. Received: a dataset that repeats for ever; use .take(steps)")
    return lambda: (_unpack(batch) for batch in data)


def take_rows(data, size, seed, name):
    """Returns a fixed sample of about `size` rows as `(x, y, sample_weight)` arrays.

    From arrays the rows are drawn at random without replacement; from a dataset they are its first batches, read once.
    """
    if is_arrays(data):
        arrays = as_arrays(data, name)
        rows = count_rows(arrays)
        if size is None or size >= rows:
            return arrays
        chosen = np.sort(np.random.default_rng(seed).choice(rows, size, replace=False))
        return _map(lambda a: a[chosen], arrays)
    batches, rows = [], 0
    for batch in as_batches(data, None, name)():
        batches.append(batch)
        rows += count_rows(batch)
        if size is not None and rows >= size:
            break
    if not batches:
        raise ValueError(f"`{name}` must hold at least one batch. Received an empty {type(data).__name__}")
    return _map(lambda *parts: np.concatenate(parts), *batches)


def is_arrays(data):
    """Whether `data` is a tuple `(x, y)` or `(x, y, sample_weight)`, as opposed to a dataset."""
    return isinstance(data, tuple) and 2 <= len(data) <= 3


def as_arrays(data, name):
    """Returns `(x, y, sample_weight)` as NumPy arrays, floating ones in `floatx`; checks the lengths."""
    x, y, weight = keras.utils.unpack_x_y_sample_weight(data)
    arrays = _map(_array, (x, y, weight))
    lengths = {len(a) for a in keras.tree.flatten(arrays) if a is not None}
    if len(lengths) != 1:
        raise ValueError(f"`{name}` must have equally many rows in all its arrays. Received: {sorted(lengths)}")
    return arrays


def count_rows(arrays):
    """Number of rows of a batch."""
    return len(next(a for a in keras.tree.flatten(arrays) if a is not None))


def weight_by_class(batch, class_weight):
    """Returns the batch with each row's weight multiplied by its class's.

    Args:
        batch: `(x, y, sample_weight)`, with integer labels `(n,)` or `(n, 1)`, or one-hot ones `(n, K)`.
        class_weight: Dict from class to weight; classes that are not named weigh 1.
    """
    x, y, weight = batch
    classes = y.argmax(-1) if y.ndim > 1 and y.shape[-1] > 1 else y.reshape(len(y)).astype("int64")
    by_class = np.array([class_weight.get(int(c), 1.0) for c in classes], keras.config.floatx())
    return x, y, by_class if weight is None else by_class * weight.reshape(len(weight))


def _is_array(value):
    """Whether `value` is an array, a tensor or a data frame."""
    return hasattr(value, "shape")


def _unpack(batch):
    return _map(_array, keras.utils.unpack_x_y_sample_weight(batch))


def _array(value):
    if value is None:
        return None
    array = keras.ops.convert_to_numpy(value) if keras.ops.is_tensor(value) else np.asarray(value)
    # A float64 table would be traced as a program of its own, and compute in what fit does not.
    return array.astype(keras.config.floatx()) if array.dtype == "float64" else array


def _slices(arrays, batch_size):
    for start in range(0, count_rows(arrays), batch_size):
        yield _map(lambda a: a[start : start + batch_size], arrays)  # noqa: B023 (used at once)


def _map(function, *structures):
    """Maps over the arrays of a batch, where an absent sample weight stays None."""
    return keras.tree.map_structure(lambda *leaves: None if leaves[0] is None else function(*leaves), *structures)
