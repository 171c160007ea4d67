"""The forest plot of a study: a row for each variant, its difference to the baseline with the interval."""

import math

from keras_regkit._core.extras import require
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._interval import draw_interval
from keras_regkit.plots._marks import mark_of, verdict_text
from keras_regkit.plots._names import lines_in, wrapped
from keras_regkit.plots._span import span_around
from keras_regkit.plots._trials import paired_values
from keras_regkit.studies.result import NO_EVIDENCE

_NAME = 28  # characters in a line of a name
_BETTER = 0.22  # least share of the axis that the better side gets: room for its arrow
_DOTS = 0.085  # inches that a seed's dot lies below the interval


def draw_forest(record, rope=None, size=None):
    """Returns the figure. What `draw_study` says of `kind="forest"` holds."""
    rows = record.summaries[1:]
    names = [wrapped(summary.name, _NAME) for summary in rows]
    height = max([0.36, *(0.1 + 0.15 * lines_in(name) for name in names)])
    figure, axes = fig.new_figure(size=size or (8.0, 2.0 + height * max(len(rows), 1)))
    baseline = record.baseline
    axes.set_yticks(range(len(rows)), names, parse_math=False)
    fig.style(axes, x=f"difference of {record.metric} to the baseline ({record.confidence:.0%} interval)")
    title = f"{_counted(len(rows), 'variant')} against the baseline, {_counted(baseline.seeds, 'seed')} each"
    axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=fig.BLACK, pad=38)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    seeds = [paired_values(record, summary.name) for summary in rows]
    _set_span(axes, record, rows, seeds, rope or 0.0)
    axes.axvline(0, color=fig.BLACK, linewidth=1.2)
    if rope is not None:
        axes.axvspan(-rope, rope, color=fig.GREY, alpha=0.15, linewidth=0, zorder=0.5)
    for row, (summary, differences) in enumerate(zip(rows, seeds, strict=True)):
        _draw_row(axes, row, summary)
        _draw_dots(axes, row + _DOTS / height, differences, mark_of(summary.verdict)["color"])
    _draw_head(axes, record, any(seeds), rope)
    return figure


def _set_span(axes, record, rows, seeds, rope):
    # A variant that diverged most of the time does not set the scale for those that did not.
    judged = [k for k, s in enumerate(rows) if s.diverged <= s.seeds / 2] or range(len(rows))
    reach = [[rows[k].difference, rows[k].low, rows[k].high] for k in judged]
    left, right = span_around(0.0, reach)
    # Single seeds widen it a little, the far ones become arrows.
    near = [x for k in judged for x in seeds[k] if 1.5 * left <= x <= 1.5 * right]
    left, right = min([left, -1.1 * rope, *near]), max([right, 1.1 * rope, *near])
    if record.direction == "min":
        left = min(left, -_BETTER / (1 - _BETTER) * right)
        better = (left, 0)
    else:
        right = max(right, -_BETTER / (1 - _BETTER) * left)
        better = (0, right)
    axes.set_xlim(left, right)
    axes.axvspan(*better, color=fig.GREEN, alpha=0.06, linewidth=0)


def _draw_dots(axes, height, differences, color):
    left, right = axes.get_xlim()
    look = {"linestyle": "none", "color": color, "markersize": 4, "alpha": 0.45, "markeredgewidth": 0, "clip_on": False}
    for difference in differences:
        marker = "<" if difference < left else ">" if difference > right else "o"
        axes.plot([min(max(difference, left), right)], [height], marker=marker, **look)


def _draw_row(axes, row, summary):
    mark = mark_of(summary.verdict)
    draw_interval(axes, row, summary.difference, summary.low, summary.high, **mark)
    if not math.isfinite(summary.difference):
        axes.annotate(
            "no finite value to compare",
            (0.02, row),
            xycoords=axes.get_yaxis_transform(),
            va="center",
            fontsize=8.5,
            fontstyle="italic",
            color=fig.BLACK,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
        )
    _beside(axes, row, 14, "" if summary.p_adjusted is None else _p(summary.p_adjusted))
    axes.plot(
        [1],
        [row],
        linestyle="none",
        marker=mark["marker"],
        markersize=6,
        color=mark["color"],
        markerfacecolor=mark["color"] if mark["filled"] else "white",
        clip_on=False,
        transform=_shifted(axes, 74),
    )
    weight = "normal" if summary.verdict == NO_EVIDENCE else "bold"
    _beside(axes, row, 84, verdict_text(summary), fontweight=weight)


def _draw_head(axes, record, dots, rope):
    baseline = record.baseline
    mean = f"{baseline.mean:.4g} ± {baseline.sd:.2g}" if math.isfinite(baseline.sd) else f"{baseline.mean:.4g}"
    options = {"textcoords": "offset points", "fontsize": 9, "color": fig.BLACK, "va": "bottom"}
    about = [f"Baseline: {mean}"]
    if dots:
        about.append("Small dots: one seed each")
    if rope is not None:
        about.append(f"Grey: ±{rope:.3g}, too little to matter")
    axes.annotate(".  ".join(about), (0, 1), xycoords="axes fraction", xytext=(0, 22), **options)
    lower = record.direction == "min"
    axes.annotate(
        "◄ better" if lower else "better ►",
        (0, 1),
        xycoords=axes.get_xaxis_transform(),
        xytext=(-5 if lower else 5, 5),
        ha="right" if lower else "left",
        **options | {"color": fig.GREEN, "fontweight": "bold"},
    )
    for points, name in ((14, "p (Holm)"), (70, "verdict")):
        axes.annotate(name, (1, 1), xycoords="axes fraction", xytext=(points, 5), fontweight="bold", **options)


def _counted(number, noun):
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"


def _p(value):
    return "<0.001" if value < 0.001 else f"{value:.3f}"


def _beside(axes, row, points, text, **options):
    """Writes to the right of the axes, `points` away from its edge."""
    axes.annotate(
        text,
        (1, row),
        xycoords=axes.get_yaxis_transform(),
        xytext=(points, 0),
        textcoords="offset points",
        va="center",
        fontsize=9,
        color=fig.BLACK,
        annotation_clip=False,
        **options,
    )


def _shifted(axes, points):
    transforms = require("matplotlib.transforms", extra="plots", purpose="Drawing")
    shift = transforms.ScaledTranslation(points / 72, 0, axes.figure.dpi_scale_trans)
    return axes.get_yaxis_transform() + shift
