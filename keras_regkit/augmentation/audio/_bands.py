"""Masks at random places along an axis."""


def inside_bands(place, length, widest, count, numbers, ops):
    """Returns which places lie in one of several bands, each with a width and a start of its own.

        width ~ U{0, …, widest},   start ~ U{0, …, length − width}

    Args:
        place: Places on the axis, `(1 or batch, size)`; those below 0 or from `length` on are out of it.
        length: Length of the axis for each sample, `(batch, 1)`, at least `widest`.
        widest: The largest width, `(batch, 1)`.
        count: How many of the bands each sample gets, `(batch, 1)`, or None for all.
        numbers: Uniform numbers in [0, 1), `(batch, 2 · bands)`.
        ops: The functions to compute with.

    Returns:
        A boolean tensor `(batch, size)`.
    """
    bands = numbers.shape[1] // 2
    width = ops.minimum(ops.floor(numbers[:, :bands] * (widest + 1)), widest)
    start = ops.minimum(ops.floor(numbers[:, bands:] * (length - width + 1)), length - width)
    if count is not None:
        number = ops.cast(ops.arange(0, bands, dtype="int32"), "float32")[None]
        width = ops.where(number < count, width, ops.zeros_like(width))
    low, high, place = start[:, :, None], (start + width)[:, :, None], place[:, None, :]
    return ops.any(ops.logical_and(place >= low, place < high), axis=1)
