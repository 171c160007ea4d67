"""The inputs of a model, without targets, as batches."""

import keras

from keras_regkit._core.data import as_batches, count_rows


def input_batches(data, batch_size, name):
    """Returns a function that yields batches of the model's inputs as NumPy arrays, anew at each call.

    Args:
        data: An array, a list or dict of arrays, a `tf.data.Dataset`, a `keras.utils.PyDataset`, or any iterable of
            batches that can be iterated again. Where a batch is a tuple `(x, y)` or `(x, y, weight)`, x is taken.
        batch_size: Rows per batch, for arrays. Datasets come batched.
        name: What to call the data in an error message.

    Raises:
        TypeError, ValueError: the data cannot be iterated twice, do not end, or have no rows.
    """
    batches = as_batches((data, None) if _are_arrays(data) else data, batch_size, name)

    def inputs():
        rows = 0
        for x, _, _ in batches():
            rows += count_rows(x)
            yield x
        if not rows:
            raise ValueError(f"`{name}` must have at least one row. Received none")

    return inputs


def _are_arrays(data):
    if isinstance(data, list) and any(isinstance(item, tuple) for item in data):
        return False  # a list of batches
    return all(hasattr(leaf, "shape") for leaf in keras.tree.flatten(data))
