"""Which part of a sample is cut out for its partner's."""

import functools


def along(vector, axis, rank):
    """Returns a tensor `(batch, size)` as one of rank `rank`, with its second axis at `axis`."""
    return vector[(slice(None), *(slice(None) if k == axis else None for k in range(1, rank)))]


def cut_box(share, centers, sizes, axes, rank, ops):
    """Returns where a box of about `share` of the sample lies, and the share that it really has.

    The box has the sides ⌊size · share^(1/d)⌋ along the d axes, a middle anywhere, and ends where the sample ends.

    Args:
        share: Tensor `(batch,)` in [0, 1].
        centers: Uniform numbers in [0, 1), one tensor `(batch,)` for each axis.
        sizes: Sizes of the axes: integers, or scalar tensors.
        axes: The axes.
        rank: Rank of the sample with its batch.
        ops: The functions to compute with.

    Returns:
        A boolean tensor that broadcasts against the samples, and a tensor `(batch,)`.
    """
    side = _root(share, len(axes), ops)
    masks, lengths = [], []
    for size, axis, center in zip(sizes, axes, centers, strict=True):
        extent = ops.cast(size, "float32")
        length = ops.floor(extent * side)
        low = ops.floor(extent * center) - ops.floor(length / 2)
        high = ops.minimum(low + length, extent)
        low = ops.maximum(low, 0.0)
        lengths.append((high - low) / extent)
        place = ops.cast(ops.arange(size, dtype="int32"), "float32")[None]
        masks.append(along((place >= low[:, None]) & (place < high[:, None]), axis, rank))
    return functools.reduce(lambda a, b: a & b, masks), functools.reduce(lambda a, b: a * b, lengths)


def cut_features(share, numbers, ops):
    """Returns which of a table's columns are cut, round(share · features) of them at random, and their share.

    Args:
        share: Tensor `(batch,)` in [0, 1].
        numbers: Uniform numbers in [0, 1), `(batch, features)`.
        ops: The functions to compute with.
    """
    features = numbers.shape[-1]
    count = ops.round(share * features)
    place = ops.argsort(ops.argsort(numbers, axis=-1), axis=-1)
    return ops.cast(place, "float32") < count[:, None], count / features


def _root(share, degree, ops):
    if degree == 1:
        return share
    return ops.sqrt(share) if degree == 2 else ops.exp(ops.log(share) / degree)
