"""Numbers that are none, which some backends hide: TensorFlow's ReLU makes 0 of NaN, and losses look well again."""

import math
import warnings

import keras
import numpy as np

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.data import as_arrays, is_arrays
from keras_regkit._core.warnings import DataWarning
from keras_regkit._core.words import counted


def warn_of_data(name, data):
    """Warns of arrays that hold NaN or infinity; what is no array is left alone."""
    if not is_arrays(data):
        return
    for part, arrays in zip(("x", "y"), as_arrays(data, name), strict=False):
        for array in keras.tree.flatten(arrays):
            rows = _bad_rows(array)
            if rows:
                warnings.warn(
                    f"`{name}`: {counted(rows, 'row')} of {len(array):,} in {part} hold NaN or infinity. Unless the "
                    "model itself replaces them, they end in its weights: drop or fill them first",
                    DataWarning,
                    stacklevel=4,
                )


def checked_metrics(model, metrics):
    """Returns the metrics of a trial: NaN, all of them, where a trained weight is not finite."""
    if all(np.isfinite(to_numpy(weight)).all() for weight in model.trainable_variables):
        return metrics
    return dict.fromkeys(metrics, math.nan)


def _bad_rows(array):
    if array is None or array.dtype.kind != "f" or not array.size:
        return 0
    return int((~np.isfinite(array.reshape(len(array), -1))).any(axis=1).sum())
