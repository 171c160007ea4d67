"""Arithmetic that the penalties share."""

from keras import ops

from keras_regkit._core.prox import in_float32 as in_float32
from keras_regkit._core.prox import prox_in_float32 as prox_in_float32
from keras_regkit._core.prox import soft_threshold as soft_threshold


def safe_sqrt(x):
    """Square root with gradient 0 at 0, where the plain one has none."""
    positive = x > 0
    return ops.where(positive, ops.sqrt(ops.where(positive, x, ops.ones_like(x))), ops.zeros_like(x))


def magnitude(x):
    """|x| with gradient 0 at 0, where JAX has 1."""
    return x * ops.stop_gradient(ops.sign(x))


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
