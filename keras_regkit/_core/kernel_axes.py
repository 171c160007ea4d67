"""Which axes of a kernel belong to one output unit, and the kernel as a matrix with one column per unit.

layer                      kernel                       axes of one unit
Dense                      (in, out)                    0
Conv1D, Conv2D, Conv3D     (*window, in, out)           all but the last
DepthwiseConv1D, 2D        (*window, in, multiplier)    the window: one filter per (in, multiplier)
Conv1DTranspose, 2D, 3D    (*window, out, in)           the window and the last
SimpleRNN, LSTM, GRU       (in, gates · units)          0: one column per unit and gate
EinsumDense                as its equation says         those summed over
"""

import dataclasses
import math

import keras
from keras import ops

# Kind of kernel -> its smallest rank, and the axes that one output unit does not share: all others are its inputs.
_KEPT = {
    "auto": (2, (-1,)),
    "dense": (2, (-1,)),
    "conv": (3, (-1,)),
    "depthwise": (3, (-2, -1)),
    "conv_transpose": (3, (-2,)),
    "recurrent": (2, (-1,)),
}
KINDS = tuple(_KEPT)

_DEPTHWISE = (keras.layers.DepthwiseConv1D, keras.layers.DepthwiseConv2D)
_TRANSPOSED = (keras.layers.Conv1DTranspose, keras.layers.Conv2DTranspose, keras.layers.Conv3DTranspose)


@dataclasses.dataclass(frozen=True)
class Axes:
    """One axis, several different ones, or None."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for none or repeated axes."""
        if value is None:
            return value
        several = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(axis, int) and not isinstance(axis, bool) for axis in several):
            raise TypeError(
                f"`{name}` must be an integer, a list or tuple of integers, or None. "
                f"Received: {value!r} of type {type(value).__name__}"
            )
        if not several or len(set(several)) < len(several):
            raise ValueError(f"`{name}` must name at least one axis, and each axis once. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(True, TypeError), (1.5, TypeError), ("last", TypeError), ((), ValueError), ((0, 0), ValueError)]


def input_axes(shape, kind="auto", axis=None):
    """Returns the axes of a kernel of this shape that belong to one output unit, counted from 0.

    Args:
        shape: Shape of the kernel.
        kind: One of `KINDS`.
        axis: The axes themselves, where the kind does not tell. Defaults to None.

    Raises:
        ValueError: the shape has no such axis, or not the rank of a kernel of this kind.

    >>> input_axes((3, 3, 8, 16), "conv_transpose")
    (0, 1, 3)
    """
    rank = len(shape)
    if axis is not None:
        return positive_axes(shape, axis)
    least, kept = _KEPT[kind]
    if rank < least or (kind == "dense" and rank != 2):
        wanted = "2" if kind == "dense" else f"at least {least}"
        raise ValueError(
            f'A kernel of kind="{kind}" must have rank {wanted}. Received: a weight of shape {tuple(shape)}. Name its '
            f"kind, one of {list(KINDS)}, or the axes of one unit with `axis`; for a vector taken as a whole, axis=0"
        )
    kept = {rank + k for k in kept}
    return tuple(a for a in range(rank) if a not in kept)


def positive_axes(shape, axis):
    """Returns `axis`, one or several, as a sorted tuple of axes of this shape, counted from 0."""
    rank = len(shape)
    several = axis if isinstance(axis, list | tuple) else [axis]
    if any(a < -rank or a >= rank for a in several):
        raise ValueError(
            f"`axis` must be in [{-rank}, {rank - 1}] for a weight of shape {tuple(shape)}. Received: axis={axis}"
        )
    axes = tuple(sorted({a % rank for a in several}))
    if len(axes) < len(several):
        raise ValueError(
            f"`axis` must name each axis once. Received: axis={axis}, which for a weight of shape {tuple(shape)} "
            f"names only {list(axes)}"
        )
    return axes


def kernel_kind(layer):
    """Returns the kind of a layer's kernel. `"auto"` where all axes but the last are taken to be its inputs.

    >>> kernel_kind(keras.layers.DepthwiseConv2D(3))
    'depthwise'
    """
    if isinstance(layer, _DEPTHWISE):
        return "depthwise"
    return "conv_transpose" if isinstance(layer, _TRANSPOSED) else "auto"


def layer_input_axes(layer, shape):
    """Returns the axes of one output unit of a layer's kernel, which has this shape."""
    if isinstance(layer, keras.layers.EinsumDense):
        operands, output = layer.equation.replace(" ", "").split("->")
        labels = operands.split(",")[1]
        # An equation that sums over nothing scales its inputs, one weight per unit.
        return tuple(i for i, label in enumerate(labels) if label not in output)
    return input_axes(shape, kernel_kind(layer))


def as_matrix(kernel, axes):
    """Returns the kernel as a matrix: what belongs to one unit, along `axes`, is a column."""
    shape = tuple(kernel.shape)
    kept = [a for a in range(len(shape)) if a not in axes]
    rows = math.prod(shape[a] for a in axes)
    return ops.reshape(ops.transpose(kernel, (*axes, *kept)), (rows, math.prod(shape[a] for a in kept)))


def from_matrix(matrix, shape, axes):
    """Returns the kernel of this shape that `as_matrix` made the matrix of."""
    kept = [a for a in range(len(shape)) if a not in axes]
    order = (*axes, *kept)
    kernel = ops.reshape(matrix, [shape[a] for a in order])
    return ops.transpose(kernel, [order.index(a) for a in range(len(shape))])
