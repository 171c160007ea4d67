"""The part of an axis that is worth showing."""

import numpy as np

_REACH = 6.0  # times the typical reach: farther out lies what would squash the rest
_MARGIN = 0.08


def span_around(centre, values):
    """Returns `(low, high)` of an axis that shows `centre` and what lies near it.

    A value more than six times as far from `centre` as the typical one is left outside, for the drawing to mark at the
    edge; so one variant that exploded does not press all others onto a line.

    Args:
        centre: Always shown.
        values: Rows of numbers that belong together, such as the two ends of an interval and what lies between them.
            Those that are not finite are left aside.

    >>> span_around(0.0, [[-1.0, 1.0], [-1.0, 2.0], [150.0, 250.0]])
    (-1.24, 2.24)
    """
    offsets = np.atleast_2d(np.asarray(values, float)) - centre if len(values) else np.empty((0, 1))
    offsets = np.where(np.isfinite(offsets), offsets, 0.0)
    reach = np.sort(np.abs(offsets).max(axis=1))
    reach = reach[reach > 0]
    if not reach.size:
        half = abs(centre) * 0.1 or 1.0
        return centre - half, centre + half
    # The lower of two middles: with two rows the nearer one sets the scale.
    near = offsets[np.abs(offsets) <= _REACH * reach[(len(reach) - 1) // 2]]
    low, high = min(near.min(), 0.0), max(near.max(), 0.0)
    margin = _MARGIN * (high - low)
    return float(centre + low - margin), float(centre + high + margin)
