"""Percentiles of waveforms without sorting them."""

_STEPS = 16


def limits(waves, share, part, ops):
    """Returns the numbers below and above which this share of each clip's samples lies, by bisection of its range.

    Args:
        waves: `(batch, channels, samples)`.
        share: Tensor `(batch, 1, 1)` in [0, ½].
        part: A `Part`.
        ops: The functions to compute with.

    Returns:
        Two tensors `(batch, 1, 1)`, at most 2⁻¹⁶ of the clip's range beyond the samples that the share ends at.
    """
    lowest, highest = _ends(waves, part, ops)
    count = ops.shape(waves)[1] * part.length
    count = ops.cast(count if part.inside is None else count[..., None], "float32")
    # Padding is above every number that is tried.
    counted = waves if part.inside is None else ops.where(part.inside, waves, 3e38)
    bounds = []
    for place in (share, 1 - share):
        low, high = lowest, highest
        wanted = ops.cast(ops.floor(place * (count - 1)) + 1, "int32")
        for _ in range(_STEPS):
            middle = low + (high - low) / 2
            below = ops.sum(ops.cast(counted <= middle, "int32"), axis=2, keepdims=True)
            enough = ops.sum(below, axis=1, keepdims=True) >= wanted
            low, high = ops.where(enough, low, middle), ops.where(enough, middle, high)
        bounds.append((low, high))
    return bounds[0][0], bounds[1][1]


def _ends(waves, part, ops):
    """Returns the smallest and the largest number of each clip."""
    ends = []
    for reduce, beyond in ((ops.min, 3e38), (ops.max, -3e38)):
        inside = waves if part.inside is None else ops.where(part.inside, waves, beyond)
        ends.append(reduce(reduce(inside, axis=2, keepdims=True), axis=1, keepdims=True))
    return ends
