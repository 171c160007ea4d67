"""Numbers that are none, which some backends hide: TensorFlow's ReLU makes 0 of NaN, and losses look well again."""

import warnings

import keras
import numpy as np

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.data import as_arrays, is_arrays
from keras_regkit._core.warnings import DataWarning


def warn_of_data(name, data):
    """Warns of arrays that hold NaN or infinity; what is no array is left alone."""
    if not is_arrays(data):
        return
    arrays = zip(("x", "y", "sample_weight"), as_arrays(data, name), strict=True)
    bad = {part: np.any([_bad_rows(array) for array in keras.tree.flatten(whole)], axis=0) for part, whole in arrays}
    told = ", ".join(f"{rows.sum():,} of {rows.size:,} rows of {part}" for part, rows in bad.items() if rows.any())
    if told:
        warnings.warn(
            f"`{name}` holds NaN or infinity in {told}. Unless the model itself replaces them, they end in its "
            "weights: drop or fill them first",
            DataWarning,
            stacklevel=3,
        )


def weights_are_finite(model):
    """Whether all trained weights of a model are numbers."""
    return all(np.isfinite(to_numpy(weight)).all() for weight in model.trainable_variables)


def _bad_rows(array):
    """Returns which rows of an array are not finite: none of one that holds no floats."""
    if array is None or array.dtype.kind != "f" or not array.size:
        return np.zeros(0 if array is None else len(array), bool)
    return ~np.isfinite(array.reshape(len(array), -1)).all(axis=1)
