"""Resampling on JAX."""

import jax

from keras_regkit.augmentation.image import _interpolation


def rows(table, index):
    """Returns rows of a matrix; every index is within."""
    return table.at[index].get(mode="promise_in_bounds")


def bilinear(table, x, y, ops):
    """Returns the colours at points; see `_interpolation.bilinear`."""
    return _interpolation.bilinear(table, x, y, rows, ops)


def barrier(tensors):
    """Returns the small matrices `tensors` so that XLA computes them once, not again for each pixel."""
    return list(jax.lax.optimization_barrier(tuple(tensors)))


def once(make, images, numbers, shape, dtype):
    """Returns `make(images)`, images, so that XLA computes them once and not again for each use of theirs.

    XLA computes what it reads where it uses it, gathers too, but nothing across the border of a branch. That these
    numbers are finite is what it cannot know.
    """
    finite = jax.numpy.max(numbers) < float("inf")
    return jax.lax.cond(finite, make, lambda _: jax.numpy.zeros(shape, dtype), images)
