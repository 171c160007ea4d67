"""Arithmetic that the penalties share."""

import numbers

import keras
from keras import ops

from keras_regkit._core.checks import Interval


def in_float32(x):
    """Returns `x` as a tensor of float32, in which penalties are computed; float64 is left as it is."""
    x = ops.convert_to_tensor(x)
    return x if keras.backend.standardize_dtype(x.dtype) == "float64" else ops.cast(x, "float32")


def safe_sqrt(x):
    """Square root with gradient 0 at 0, where the plain one has none."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, ops.ones_like(x))), ops.zeros_like(x))


def magnitude(x):
    """|x| with gradient 0 at 0, where JAX has 1."""
    return x * ops.stop_gradient(ops.sign(x))


def soft_threshold(x, threshold):
    """sign(x) · max(|x| − threshold, 0), the proximal operator of the L1 norm."""
    return ops.sign(x) * ops.maximum(ops.abs(x) - threshold, 0)


def batch_size(x):
    """Number of rows of `x` as a scalar tensor of its dtype.

    Keras divides the value of an activity regularizer by it. A penalty that is a mean over the batch is multiplied by
    it beforehand, so that `model.losses` shows the penalty itself, whatever the batch size.
    """
    return ops.cast(ops.shape(x)[0], x.dtype)


def expect_activities(x, rank, name, layout):
    """Raises `ValueError` unless `x` has at least `rank` axes."""
    if len(x.shape) < rank:
        raise ValueError(
            f"{name} needs activities of shape {layout}. Received: shape {tuple(x.shape)}. Set it as "
            "`activity_regularizer` of a layer that has one such output"
        )


def read_step(step, dtype, below=None):
    """Returns `step` as a tensor; a Python number must be legal.

    Args:
        step: Python number, or a tensor, whose values are not looked at.
        dtype: Dtype of the tensor.
        below: What a Python number must be less than. Defaults to None: no bound.
    """
    if isinstance(step, numbers.Number | str | None):
        bounds = Interval(0) if below is None else Interval(0, below, closed="left")
        bounds.check("step", step)
    return ops.cast(ops.convert_to_tensor(step, None if ops.is_tensor(step) else dtype), dtype)


def prox_in_float32(function, x, step, below=None):
    """Returns `function(x, step)` computed in float32, in the dtype of `x`."""
    x = ops.convert_to_tensor(x)
    wide = in_float32(x)
    return ops.cast(function(wide, read_step(step, wide.dtype, below)), x.dtype)
