"""The gap against the validation metric: a dot for each trial, a larger one for each variant's mean."""

import math

import numpy as np

from keras_regkit.plots import _figure as fig
from keras_regkit.plots._marks import MARKS, mark_of
from keras_regkit.plots._names import lines_in, wrapped
from keras_regkit.plots._span import span_around
from keras_regkit.plots._trials import trials_of, value_of

_NAME = 34  # characters in a line of a name
_LINE = 0.17  # inches that a line of a name takes


def draw_gap(record, size=None):
    """Returns the figure. What `draw_study` says of `kind="gap"` holds."""
    spots = [_spot(record, summary) for summary in record.summaries]
    names = [wrapped(summary.name, _NAME) for summary in record.summaries]
    wanted = 1.5 + _LINE * sum(map(lines_in, names))
    figure, axes = fig.new_figure(size=size or (8.0, max(4.2, wanted)))
    better = "lower" if record.direction == "min" else "higher"
    title = f"Gap against {record.metric}, {record.baseline.seeds} seeds each"
    fig.style(axes, title=title, x="gap: validation − train loss", y=f"{record.metric} ({better} is better)")
    judged = [k for k, s in enumerate(record.summaries) if s.diverged <= s.seeds / 2]
    x, y = (_span([spots[k][axis] for k in judged]) for axis in (0, 1))
    axes.set_xlim(*x)
    axes.set_ylim(*y)
    if x[0] < 0 < x[1]:
        axes.axvline(0, color=fig.BLACK, linewidth=1.0)
    for summary, spot in zip(record.summaries, spots, strict=True):
        _draw_spot(axes, *spot, **mark_of(summary.verdict))
    _draw_names(axes, record.summaries, names, spots)
    _draw_legend(axes, record)
    return figure


def _spot(record, summary):
    """Returns the gaps and the values of a variant's trials, the means first."""
    trials = trials_of(record, summary.name)
    pairs = [(value_of(t, "gap"), value_of(t, record.metric)) for t in trials]
    pairs = [pair for pair in pairs if all(map(math.isfinite, pair))]
    return np.array([(summary.gap, summary.mean), *pairs], float).T


def _span(rows):
    means = [row[0] for row in rows if math.isfinite(row[0])]
    centre = float(np.median(means)) if means else 0.0
    return span_around(centre, [[np.nanmin(row), np.nanmax(row)] for row in rows if np.isfinite(row).any()])


def _draw_spot(axes, gaps, values, *, color, marker, filled):
    inside = _inside(axes, gaps, values)
    single = inside & (np.arange(len(gaps)) > 0)
    axes.plot(
        gaps[single],
        values[single],
        linestyle="none",
        marker="o",
        markersize=4,
        color=color,
        alpha=0.4,
        markeredgewidth=0,
    )
    if inside[0]:
        axes.plot(
            gaps[:1],
            values[:1],
            linestyle="none",
            marker=marker,
            markersize=9,
            color=color,
            markerfacecolor=color if filled else "white",
            markeredgewidth=1.5,
            zorder=5 if marker == MARKS["baseline"]["marker"] else 4,  # what all are compared with stays visible
        )


def _inside(axes, gaps, values):
    (left, right), (bottom, top) = axes.get_xlim(), axes.get_ylim()
    return (left <= gaps) & (gaps <= right) & (bottom <= values) & (values <= top)


def _draw_names(axes, summaries, names, spots):
    """Writes the names beside the axes, at the height of their means as far as there is room, and leads to each."""
    low, high = axes.get_ylim()
    heights = []
    for _, values in spots:
        height = (values[0] - low) / (high - low)
        heights.append(min(max(height, 0.0), 1.0) if math.isfinite(height) else 1.0)
    inches = axes.figure.get_figheight() - 1.2
    places = spread(heights, [_LINE * lines_in(name) / inches for name in names])
    for summary, name, (gaps, values), place in zip(summaries, names, spots, places, strict=True):
        inside = _inside(axes, gaps[:1], values[:1])[0]
        text = name
        if not math.isfinite(values[0]):
            text += ": no finite value"
        elif not inside:
            text += f": {values[0]:.3g} at gap {gaps[0]:.3g}, outside"
        elif summary.diverged:
            text += f" ({summary.diverged} of {summary.seeds} diverged)"
        note = axes.annotate(
            text,
            (gaps[0], values[0]) if inside else (1.0, place),
            xycoords="data" if inside else "axes fraction",
            xytext=(1.03, place),
            textcoords="axes fraction",
            va="center",
            fontsize=9,
            color=fig.BLACK if inside else mark_of(summary.verdict)["color"],
            annotation_clip=False,
            parse_math=False,
            arrowprops={"arrowstyle": "-", "color": fig.GREY, "linewidth": 0.6, "alpha": 0.6, "shrinkB": 5}
            if inside
            else None,
        )
        note.set_zorder(1)


def spread(heights, room):
    """Returns places near `heights` that leave each its `room`, all within 0 and 1 where they fit.

    >>> spread([0.5, 0.5, 0.9], [0.2, 0.2, 0.2])
    [0.4, 0.6, 0.9]
    """
    order = np.argsort(heights, kind="stable")
    wanted, room = np.asarray(heights, float)[order], np.asarray(room, float)[order]
    room = room * min(1.0, 1.0 / room.sum())
    apart = (room[1:] + room[:-1]) / 2
    rising, falling = wanted.copy(), wanted.copy()
    for k in range(1, len(wanted)):
        rising[k] = max(rising[k], rising[k - 1] + apart[k - 1])
    for k in range(len(wanted) - 2, -1, -1):
        falling[k] = min(falling[k], falling[k + 1] - apart[k])
    # Both leave enough room, one by moving up, one by moving down; so does what lies between them.
    places = (rising + falling) / 2
    ends = np.concatenate([[0.0], np.cumsum(apart)])
    places = np.maximum(places, room[0] / 2 + ends)
    places = np.minimum(places, 1 - room[-1] / 2 - (ends[-1] - ends))
    found = np.empty_like(places)
    found[order] = places
    return [round(float(place), 6) for place in found]


def _draw_legend(axes, record):
    for verdict in dict.fromkeys(summary.verdict for summary in record.summaries):
        mark = mark_of(verdict)
        axes.plot(
            [],
            [],
            linestyle="none",
            marker=mark["marker"],
            markersize=7,
            color=mark["color"],
            markerfacecolor=mark["color"] if mark["filled"] else "white",
            label=verdict,
        )
    axes.plot([], [], linestyle="none", marker="o", markersize=4, color=fig.GREY, alpha=0.5, label="one trial")
    axes.figure.legend(
        loc="outside lower center", ncols=5, frameon=False, fontsize=9, labelcolor=fig.BLACK, handletextpad=0.2
    )
