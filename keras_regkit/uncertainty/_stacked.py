"""Outputs of many passes, put together."""

import keras
import numpy as np
from keras import ops


def as_float32(outputs):
    """NumPy has no bfloat16, and float16 is too coarse to average in."""
    return keras.tree.map_structure(lambda y: y if str(y.dtype).endswith("64") else ops.cast(y, "float32"), outputs)


def stacked(batches):
    """Returns the outputs as arrays `(passes, rows, ...)`, structured like one output.

    Args:
        batches: One list per batch, of the output of each pass over it.
    """
    together = [keras.tree.map_structure(lambda *arrays: np.stack(arrays), *passes) for passes in batches]
    return keras.tree.map_structure(lambda *arrays: np.concatenate(arrays, axis=1), *together)
