"""What the layers for rows of tables share."""

import warnings

import keras
import numpy as np

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation._sample_layer import SampleAugmentation, in_dtype


class RowAugmentation(SampleAugmentation):
    """A layer for rows `(batch, columns)`, or one `(columns,)`. A mask says which cells are known, the others stay."""

    key = "rows"
    ranks = (1,)
    shapes = "(batch, columns), or (columns,) for one row"
    # Cells that are not changed keep every digit, large ids too.
    computes_in = None
    # What a batch of one lacks; None for nothing.
    needs_others_for: str | None = None

    def check_sample_shape(self, shape):
        if shape[0] is None:
            raise ValueError(
                f"Layer {self.name!r} needs to know how many columns there are. Received: rows of shape (batch, None). "
                "Say so with `Dataset.map(lambda x: tf.ensure_shape(x, (None, columns)))`, or in `keras.Input`"
            )

    def check_batch(self, x):
        if self.needs_others() and x.shape[0] == 1:
            warnings.warn(
                f"Layer {self.name!r} received one row: {self.needs_others_for}. Batch the rows before",
                NoEffectWarning,
                stacklevel=2,
            )

    def needs_others(self):
        """Whether a row is changed by means of the others of its batch."""
        return self.needs_others_for is not None


def replaced(x, where, new, ops):
    """Returns rows with new numbers, `(batch or 1, columns)`, where asked for; in whole ones rounded, and clipped."""
    return ops.where(where, in_dtype(keras.backend.standardize_dtype(x.dtype), new, ops), x)


def check_fits(name, values, x, layer):
    """Raises `ValueError` where rows of whole numbers have a dtype that cannot hold what is put in.

    Args:
        name: Name of the argument.
        values: Numbers that may be put in.
        x: The rows.
        layer: Name of the layer.
    """
    dtype = keras.backend.standardize_dtype(x.dtype)
    limits = None if "float" in dtype else np.iinfo(dtype)
    if limits and not all(limits.min <= round(value) <= limits.max for value in values):
        raise ValueError(
            f"Layer {layer!r} puts in numbers by its `{name}` that must fit the dtype of the rows. Received: rows of "
            f"{dtype}, from {limits.min} to {limits.max}, and {name} up to {max(values, key=abs)}. Cast the rows before"
        )


def moments(x, known, ops):
    """Returns the mean and the standard deviation of each column, `(1, columns)` float32.

    Args:
        x: Rows `(batch, columns)`.
        known: Boolean `(batch, columns)`, which cells count, or None for all.
        ops: The functions to compute with.
    """
    x = ops.cast(x, "float32")
    weight = ops.ones_like(x) if known is None else ops.cast(known, "float32")
    count = ops.maximum(ops.sum(weight, axis=0, keepdims=True), 1.0)
    mean = ops.sum(weight * x, axis=0, keepdims=True) / count
    variance = ops.sum(weight * ops.square(x - mean), axis=0, keepdims=True) / count
    return mean, ops.sqrt(variance)


def donated(x, donor, ops):
    """Returns for each cell the value of its column in another row.

    Args:
        x: Rows `(batch, columns)`.
        donor: Integer `(batch, columns)`: in which row.
        ops: The functions to compute with.
    """
    columns = ops.shape(x)[1]
    place = donor * columns + ops.arange(0, columns, dtype="int32")[None]
    return ops.reshape(ops.take(ops.reshape(x, (-1,)), ops.reshape(place, (-1,)), axis=0), ops.shape(x))


def others(numbers, ops):
    """Returns for each cell the number of another row, any of them alike; its own where there is no other.

    Args:
        numbers: Uniform numbers in [0, 1), `(batch, columns)`.
        ops: The functions to compute with.
    """
    batch = ops.cast(ops.shape(numbers)[0], "float32")
    further = 1 + ops.minimum(ops.floor(numbers * (batch - 1)), ops.maximum(batch - 2, 0.0))
    own = ops.arange(0, ops.shape(numbers)[0], dtype="int32")[:, None]
    row = own + ops.cast(further, "int32")
    return ops.where(row < ops.shape(numbers)[0], row, row - ops.shape(numbers)[0])
