"""N of each M weights kept."""

import math

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.kernel_axes import input_axes
from keras_regkit.constraints._largest import keep_largest


def keep_n_of_m(w, n, m, axis):
    """Returns `w` with all but the `n` largest of each `m` consecutive weights along `axis` set to zero.

    Args:
        w: Tensor.
        n: How many to keep.
        m: Out of how many; divides the length of the axis.
        axis: The axis, counted from 0.
    """
    shape = tuple(w.shape)
    others = [a for a in range(len(shape)) if a != axis]
    front = [axis, *others]
    blocks = ops.reshape(ops.transpose(w, front), (shape[axis] // m, m, math.prod(shape[a] for a in others)))
    columns = ops.reshape(ops.transpose(blocks, (1, 0, 2)), (m, -1))
    kept = ops.reshape(keep_largest(columns, n), (m, *blocks.shape[:1], *blocks.shape[2:]))
    kept = ops.reshape(ops.transpose(kept, (1, 0, 2)), [shape[a] for a in front])
    return ops.transpose(kept, [front.index(a) for a in range(len(shape))])


@keras.saving.register_keras_serializable("keras_regkit")
class NMSparsity(keras.constraints.Constraint):
    """Keeps the n largest of each m consecutive weights along the input axis, and zeros the others.

    Use it to train networks for hardware that skips zeros in a fixed pattern: 2 of 4 on recent GPUs. Start from a
    trained kernel, or switch it on late: weights that are cut get gradients and may come back, but from zero.

    For each block b of m weights:

        w_i ← w_i if |w_i| is among the n largest of its block, else 0

    Args:
        n: How many weights to keep, in [1, m]. Defaults to 2.
        m: Out of how many, at least 1; it must divide the length of the axis. Defaults to 4.
        axis: The axis that the blocks lie along: the input axis is −2 for Dense, Conv and recurrent kernels, −1 for
            those of Conv1DTranspose to Conv3DTranspose. Defaults to −2.

    Call arguments:
        w: A weight of any shape that has this axis.

    Raises:
        ValueError: n > m; when called, the weight has no such axis, or its length is not a multiple of m.

    Reference:
        Mishra et al. 2021, "Accelerating Sparse Deep Neural Networks", section 3; Zhou et al. 2021, "Learning N:M
        Fine-grained Structured Sparse Neural Networks From Scratch".

    Example:

    >>> import numpy as np
    >>> w = NMSparsity(2, 4)(np.array([[1.0], [-3.0], [2.0], [0.5]], "float32"))
    >>> keras.ops.convert_to_numpy(w).ravel().tolist()
    [0.0, -3.0, 2.0, 0.0]
    """

    RANGES = {  # noqa: RUF012
        "n": Interval(1, integer=True),
        "m": Interval(1, integer=True),
        "axis": Interval(integer=True),
    }

    def __init__(self, n: int = 2, m: int = 4, axis: int = -2):
        check_arguments(self.RANGES, n=n, m=m, axis=axis)
        if n > m:
            raise ValueError(f"`n` must be at most `m`: n of each m weights are kept. Received: n={n}, m={m}")
        self.n = n
        self.m = m
        self.axis = axis

    def __call__(self, w):
        w = ops.convert_to_tensor(w)
        (axis,) = input_axes(tuple(w.shape), axis=self.axis)
        if w.shape[axis] % self.m:
            raise ValueError(
                f"`m` must divide the length of the axis that it runs along. Received: m={self.m}, and a weight of "
                f"shape {tuple(w.shape)} with axis={self.axis}. Choose another `m` or `axis`, or leave this layer out"
            )
        return keep_n_of_m(w, self.n, self.m, axis)

    def get_config(self):
        return {"n": self.n, "m": self.m, "axis": self.axis}
