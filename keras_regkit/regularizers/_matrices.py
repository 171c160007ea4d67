"""Kernels as matrices, and their largest singular value."""

import functools

import numpy as np
from keras import ops

from keras_regkit._core.kernel_axes import as_matrix
from keras_regkit.regularizers._numeric import safe_sqrt


def filters_as_columns(x, name):
    """Returns a kernel as a matrix with one column per filter: `(prod(other axes), filters)`."""
    if len(x.shape) < 2:
        raise ValueError(
            f"{name} needs a weight of at least 2 axes, such as a Dense or convolution kernel. Received: shape "
            f"{tuple(x.shape)}. Set it as `kernel_regularizer`, not as `bias_regularizer`"
        )
    return as_matrix(x, range(len(x.shape) - 1))


def largest_direction(apply, size, iterations, dtype):
    """Returns a unit vector near the leading eigenvector of a symmetric matrix, by power iteration.

    Args:
        apply: Function that multiplies a vector of shape `(size, 1)` by the matrix.
        size: Number of rows of the matrix.
        iterations: Number of multiplications.
        dtype: Dtype of the vector.
    """
    direction = ops.convert_to_tensor(_start(size), dtype)
    for _ in range(iterations):
        direction = apply(direction)
        norm = safe_sqrt(ops.sum(ops.square(direction)))
        direction = direction / ops.where(norm > 0, norm, ops.ones_like(norm))
    return ops.stop_gradient(direction)


@functools.lru_cache(maxsize=64)
def _start(size):
    """Always the same random vector, so that a penalty depends on the weights alone, and is the same in every run."""
    vector = np.random.default_rng(0).normal(size=(size, 1))
    return vector / np.linalg.norm(vector)
