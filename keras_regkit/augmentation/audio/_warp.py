"""Time warped at one point."""


def warped(x, place, length, reach, numbers, ops):
    """Returns samples whose point w₀ in time is at w₀ + w, with both ends where they were, and straight lines between.

    Args:
        x: Samples `(batch, steps, ...)`.
        place: Number of each step, `(1 or batch, steps)`, 0 for the first valid one.
        length: Number of the valid steps, `(batch, 1)`. What has no more than twice the reach stays.
        reach: W, the longest way in steps, above 0.
        numbers: Uniform numbers in [0, 1), `(batch, 2)`.
        ops: The functions to compute with.
    """
    last = length - 1
    point = reach + numbers[:, :1] * (last - 2 * reach)
    moved = point + reach * (2 * numbers[:, 1:] - 1)
    # Where a side has no length there is no step on it either, but for its end.
    before = place * point / ops.maximum(moved, 1e-3)
    behind = last - (last - place) * (last - point) / ops.maximum(last - moved, 1e-3)
    source = ops.where(place < moved, before, behind)
    source = ops.where(length > 2 * reach, ops.clip(source, 0.0, ops.maximum(last, 0.0)), place)
    return _interpolated(x, source - place, ops)


def _interpolated(x, offset, ops):
    """Returns samples read `offset` steps further on, `(batch, steps)`, between steps by a straight line."""
    batch, steps = ops.shape(x)[:2]
    own = ops.cast(ops.arange(0, steps, dtype="int32"), "float32")[None]
    source = ops.clip(own + offset, 0.0, own[:, -1:])
    low = ops.minimum(ops.floor(source), ops.maximum(own[:, -1:] - 1, 0.0))
    weight = source - low
    first = ops.cast(ops.arange(0, batch, dtype="int32") * steps, "int32")[:, None]
    low = ops.reshape(ops.cast(low, "int32") + first, (-1,))
    high = ops.minimum(low + 1, batch * steps - 1)
    rows = ops.reshape(x, (batch * steps, -1))
    weight = ops.reshape(weight, (-1, 1))
    mixed = (1 - weight) * ops.take(rows, low, axis=0) + weight * ops.take(rows, high, axis=0)
    return ops.reshape(mixed, ops.shape(x))
