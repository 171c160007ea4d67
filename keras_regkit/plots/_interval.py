"""One row of a forest plot: a point with its interval, on an axis that may end before they do."""

import math

from keras_regkit.plots import _figure as fig


def draw_interval(axes, row, point, low, high, *, color, marker, filled=True, number=None):
    """Draws a point and its interval at height `row`; what lies beyond the axis becomes an arrow with the number.

    The limits of the x axis must be set before. Without a finite point nothing is drawn; without finite ends, the point
    alone.

    Args:
        axes: Where to draw.
        row: Height, in data units.
        point, low, high: The value and the ends of its interval.
        color, marker: Of the point.
        filled: Whether the marker is filled.
        number: What is written at the arrow of a point beyond the axis. Defaults to `point`.
    """
    if not math.isfinite(point):
        return
    left, right = axes.get_xlim()
    if math.isfinite(low) and math.isfinite(high):
        inside = [min(max(end, left), right) for end in (low, high)]
        axes.plot(inside, [row, row], color=color, linewidth=2.2, solid_capstyle="butt")
        for end, edge, arrow in ((low, left, "<"), (high, right, ">")):
            beyond = end < left if arrow == "<" else end > right
            if beyond:
                _arrow(axes, edge, row, arrow, color)
            elif left <= end <= right:
                axes.plot([end], [row], linestyle="none", marker="|", markersize=8, color=color, markeredgewidth=1.6)
    if left <= point <= right:
        face = color if filled else "white"
        axes.plot(
            [point], [row], linestyle="none", marker=marker, markersize=8, color=color, markerfacecolor=face, zorder=4
        )
        return
    edge, arrow, align = (left, "<", "left") if point < left else (right, ">", "right")
    _arrow(axes, edge, row, arrow, color)
    axes.annotate(
        f"{point if number is None else number:+.3g}",
        (edge, row),
        xytext=(9 if arrow == "<" else -9, 0),
        textcoords="offset points",
        ha=align,
        va="center",
        fontsize=8.5,
        color=fig.BLACK,
        # A line of the same row may run behind the number.
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
    )


def _arrow(axes, edge, row, marker, color):
    axes.plot([edge], [row], linestyle="none", marker=marker, markersize=8, color=color, clip_on=False, zorder=4)
