"""Resampling on JAX."""

import math

import jax

from keras_regkit.augmentation.image import _interpolation


def rows(table, index):
    """Returns rows of a matrix; every index is within."""
    # Of numbers without a sign, JAX does not ask whether they count from the end.
    return table.at[index.astype("uint32")].get(mode="promise_in_bounds")


def bilinear(table, x, y, ops):
    """Returns the colours at points; see `_interpolation.bilinear`."""
    return _interpolation.bilinear(table, x, y, rows, ops)


def barrier(tensors):
    """Returns the small matrices `tensors` so that XLA computes them once, not again for each pixel.

    XLA computes cheap things where they are used, on the other side of an `optimization_barrier` too, but no product
    of matrices. The one with the identity changes nothing.
    """
    return [_through_product(tensor) for tensor in tensors]


def _through_product(tensor):
    count = math.prod(tensor.shape[1:])
    if not jax.numpy.issubdtype(tensor.dtype, jax.numpy.floating) or not count:
        return tensor
    numbers = tensor.reshape(-1, count)
    identity = jax.numpy.eye(count, dtype=tensor.dtype)
    return jax.numpy.matmul(numbers, identity, precision="highest").reshape(tensor.shape)


def once(make, images, numbers, shape, dtype):
    """Returns `make(images)`, images, so that XLA computes them once and not again for each use of theirs.

    XLA computes what it reads where it uses it, gathers too, but nothing across the border of a branch. That these
    numbers are finite is what it cannot know.
    """
    finite = jax.numpy.max(numbers) < float("inf")
    return jax.lax.cond(finite, make, lambda _: jax.numpy.zeros(shape, dtype), images)
