"""How the weights of a kernel fall into groups."""

from keras import ops

from keras_regkit._core.kernel_axes import positive_axes
from keras_regkit.regularizers._numeric import safe_sqrt


def member_axes(shape, groups, axis):
    """Returns the axes along which the members of one group lie, none of them negative.

    Args:
        shape: Shape of the weight.
        groups: `"outputs"` or `"inputs"`: one group for each entry of the last axis, or of the one before it.
        axis: The axes themselves, which then decide alone, or None.

    Raises:
        ValueError: the weight has no such axis.
    """
    if axis is not None:
        return positive_axes(shape, axis)
    rank = len(shape)
    if rank < 2:
        raise ValueError(
            f'`groups="{groups}"` needs a weight of at least 2 axes. Received: a weight of rank {rank}. '
            "Give `axis=0` to make all of it one group"
        )
    own = rank - 1 if groups == "outputs" else rank - 2
    return tuple(i for i in range(rank) if i != own)


def group_size(shape, axes):
    """Number of members of one group."""
    size = 1
    for axis in axes:
        size *= shape[axis]
    return size


def group_norms(x, axes):
    """L2 norm of each group, the axes kept with size 1."""
    return safe_sqrt(ops.sum(ops.square(x), axis=axes, keepdims=True))


def shrink_groups(x, axes, threshold):
    """x_g · max(1 − threshold / ‖x_g‖₂, 0) for every group g."""
    norms = group_norms(x, axes)
    return x * ops.maximum(1 - threshold / ops.where(norms > 0, norms, ops.ones_like(norms)), 0)


def expect_step_per_group(step, x, axes):
    """Raises `ValueError` unless `step` is the same for all members of a group."""
    shape = tuple(step.shape)
    per_group = len(shape) == len(x.shape) and all(shape[axis] == 1 for axis in axes)
    if shape and not per_group:
        wanted = tuple(1 if i in axes else size for i, size in enumerate(x.shape))
        raise ValueError(
            f"`step` must be a scalar, or one number per group, of shape {wanted}: the members of a group shrink "
            f"together. Received: shape {shape}"
        )
