"""Batch normalization over parts of a batch."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments


def assign_groups(batch, size, groups):
    """Returns a matrix of zeros and ones, `(batch, number of groups)`: which sample belongs to which group.

    Groups are made of neighbours, and differ by at most one sample. With a `size`, there are as many as have at least
    that many samples: what a whole number of groups leaves over is spread, so that no group is small.

    Args:
        batch: Number of samples, an integer or an integer tensor.
        size: Samples per group, or None.
        groups: Number of groups, or None; there are fewer where the batch has not 2 samples for each.
    """
    if isinstance(batch, int):
        # In a compiled step of JAX, only what stays a Python number can be the length of an array.
        groups = max(batch // size if groups is None else min(groups, batch // 2), 1)
    else:
        groups = ops.maximum(batch // size if groups is None else ops.minimum(groups, batch // 2), 1)
    of_sample = ops.arange(batch) * groups // batch
    return ops.equal(of_sample[:, None], ops.arange(groups)[None, :])


@keras.saving.register_keras_serializable("keras_regkit")
class GhostBatchNormalization(keras.layers.BatchNormalization):
    """Batch normalization whose statistics come from small parts of the batch.

    Use it with large batches: the noise of small-batch statistics regularizes, and is lost when the batch grows. With
    "ghost" batches of, say, 32 samples the noise stays, whatever the batch size.

    For each part B_l of the batch, with its own mean and variance:

        x̂ = (x − μ_l) / √(σ_l² + ε),   y = γ x̂ + β

    The moving averages follow the means of μ_l and σ_l² over the parts, weighted by their sizes, once per step, with
    Keras' `momentum`. Inference uses them, and so does a frozen layer (`trainable = False`).

    A batch that `virtual_batch_size` does not divide, such as the last of an epoch, is split into parts of at least
    that size, as equal as possible; a smaller batch is one part.

    Args:
        virtual_batch_size: Samples in a part, at least 2. Give this or `groups`; with neither, it is 32.
        groups: Number of parts instead, at least 1. Defaults to None.
        axis: The axis of the features. Defaults to −1.
        **kwargs: As for `keras.layers.BatchNormalization`: `momentum`, `epsilon`, `center`, `scale`, initializers,
            regularizers and constraints. Not `renorm`, which takes the noise away that ghost batches are for, and not
            `synchronized`: every replica has parts of its own.

    Call arguments:
        inputs: Tensor of any rank of at least 2. A batch with fewer than 2 samples for each of the `groups` is split
            into fewer.
        training: Python boolean: whether the statistics come from the batch, and are averaged.
        mask: Booleans, one per position: shape of the inputs without the last axis. Masked positions do not count.

    Returns:
        Tensor of the same shape.

    Raises:
        ValueError: both `virtual_batch_size` and `groups` are given, or `renorm` or `synchronized`; when built, the
            inputs have no such axis, or it is that of the batch; when called, a mask of another rank, or with features
            that are not last.

    Reference:
        Hoffer et al. 2017, "Train longer, generalize better", algorithm 1. The moving averages there take one step per
        part; here one per batch, as with TensorFlow 1's `virtual_batch_size`.

    Example:

    >>> import numpy as np
    >>> layer = GhostBatchNormalization(virtual_batch_size=2, epsilon=1e-6)
    >>> x = np.array([[0.0], [2.0], [100.0], [104.0]])
    >>> keras.ops.convert_to_numpy(layer(x, training=True)).ravel().round(2).tolist()
    [-1.0, 1.0, -1.0, 1.0]
    """

    RANGES = {  # noqa: RUF012
        "virtual_batch_size": Interval(2, integer=True, optional=True),
        "groups": Interval(1, integer=True, optional=True),
    }

    def __init__(self, virtual_batch_size: int | None = None, groups: int | None = None, axis: int = -1, **kwargs: Any):
        check_arguments(self.RANGES, virtual_batch_size=virtual_batch_size, groups=groups)
        if virtual_batch_size is not None and groups is not None:
            raise ValueError(
                "Give `virtual_batch_size` or `groups`, not both. "
                f"Received: virtual_batch_size={virtual_batch_size}, groups={groups}"
            )
        for name in ("renorm", "synchronized"):
            if kwargs.get(name):
                raise ValueError(
                    f"`{name}` cannot be combined with ghost batches: their statistics are meant to differ. "
                    f"Received: {name}={kwargs[name]}. Use keras.layers.BatchNormalization({name}=True)"
                )
        super().__init__(axis=axis, **kwargs)
        self.virtual_batch_size = virtual_batch_size
        self.groups = groups

    def build(self, input_shape):
        rank = len(input_shape)
        if not -rank < self.axis < rank or self.axis == 0:
            raise ValueError(
                f"`axis` must be the axis of the features, in [1, {rank - 1}] or [{1 - rank}, -1] for inputs of shape "
                f"{tuple(input_shape)}. Received: axis={self.axis}"
            )
        super().build(input_shape)

    def call(self, inputs, training=None, mask=None):
        if not (training and self.trainable):
            return super().call(inputs, training=False)
        rank = len(inputs.shape)
        features = self.axis % rank
        self._check_mask(mask, rank)
        # Squares overflow in float16.
        x = ops.cast(inputs, keras.backend.result_type(inputs.dtype, "float32"))
        axes = tuple(axis for axis in range(1, rank) if axis != features)
        size = 32 if self.virtual_batch_size is None else self.virtual_batch_size
        belongs = ops.cast(assign_groups(ops.shape(x)[0], size, self.groups), x.dtype)
        mask = None if mask is None else ops.cast(mask, "bool")[..., None]

        def per_group(tensor):
            tensor = tensor if mask is None else ops.where(mask, tensor, 0)
            return ops.matmul(ops.transpose(belongs), ops.sum(tensor, axis=axes) if axes else tensor)

        def per_sample(statistic):
            shape = [1] * rank
            shape[0], shape[features] = -1, x.shape[features]
            return ops.reshape(ops.matmul(belongs, statistic), shape)

        count = per_group(ops.ones_like(x))
        nonzero = ops.maximum(count, 1)  # a group may be masked as a whole
        mean = per_group(x) / nonzero
        centred = x - per_sample(mean)
        variance = per_group(ops.square(centred)) / nonzero
        self._update_moving(mean, variance, count)
        return self._transform(centred * ops.rsqrt(per_sample(variance) + self.epsilon), features)

    def get_config(self):
        return {**super().get_config(), "virtual_batch_size": self.virtual_batch_size, "groups": self.groups}

    def _update_moving(self, mean, variance, count):
        total = ops.maximum(ops.sum(count, axis=0), 1)
        for variable, statistic in ((self.moving_mean, mean), (self.moving_variance, variance)):
            seen = ops.sum(statistic * count, axis=0) / total
            old = ops.cast(variable, seen.dtype)
            variable.assign(ops.cast(old * self.momentum + seen * (1 - self.momentum), variable.dtype))

    def _transform(self, x, features):
        shape = [1] * len(x.shape)
        shape[features] = -1
        if self.scale:
            x = x * ops.reshape(ops.cast(self.gamma, x.dtype), shape)
        if self.center:
            x = x + ops.reshape(ops.cast(self.beta, x.dtype), shape)
        return ops.cast(x, self.compute_dtype)

    def _check_mask(self, mask, rank):
        if mask is None:
            return
        if len(mask.shape) != rank - 1 or self.axis % rank != rank - 1:
            raise ValueError(
                "`mask` must have one entry per position, with the features on the last axis. Received: a mask of rank "
                f"{len(mask.shape)} for inputs of rank {rank} with axis={self.axis}"
            )
