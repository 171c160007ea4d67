"""Draws a `Decision`: from the template, step by step, to the winner and its test."""

import math
import textwrap

from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw
from keras_regkit.plots._interval import draw_interval
from keras_regkit.plots._span import span_around
from keras_regkit.studies import Decision

_TAKEN = {"color": fig.GREEN, "marker": "o", "filled": True}
_LEFT_OUT = {"color": fig.GREY, "marker": "X", "filled": False}


@draw.register
def draw_decision(record: Decision, *, size=None):
    """Returns a figure with the path to the winner on the left, and the one look at the test set on the right.

    The path reads downwards. Each row is a lever that was tried on top of those already taken, placed at the metric
    that it led to; the line steps sideways where a lever was taken and runs straight on where it was left out.

    Args:
        record: The `Decision`.
        size: Width and height in inches. Defaults to 8 by 4, or by what the steps need.

    >>> from keras_regkit.plots import draw
    >>> from keras_regkit.studies import Decision
    >>> Decision in draw.registry
    True
    """
    figure, (path, test) = fig.new_figure(
        1, 2, size=size or (8.0, max(4.0, 2.0 + 0.45 * len(record.steps))), width_ratios=(2.3, 1)
    )
    # Room for the words at the right of the path.
    figure.get_layout_engine().set(wspace=0.08)
    _draw_path(path, record)
    _draw_test(test, record)
    return figure


def _draw_path(axes, record):
    result, steps = record.result, record.steps
    levels = {result.baseline.name: result.baseline.mean}
    rows = []
    for step in steps:
        start = levels.get(step.against, math.nan)
        levels[step.variant] = start + step.difference
        rows.append((start, start + step.difference, start + step.low, start + step.high))
    labels = ["the template", *(_wrapped(_what_was_tried(step)) for step in steps)]
    better = "lower" if result.direction == "min" else "higher"
    fig.style(axes, title="Chosen on validation", x=f"{result.metric} ({better} is better)")
    axes.set_yticks(range(len(labels)), labels, parse_math=False)
    axes.set_ylim(len(labels) - 0.4, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    centre = result.baseline.mean
    if not math.isfinite(centre):
        axes.annotate("the template has no finite value", (0.5, 0.5), xycoords="axes fraction", ha="center")
        return
    axes.set_xlim(*span_around(centre, [row[1:] for row in rows]))
    _draw_line(axes, centre, steps, rows)
    axes.plot([centre], [0], linestyle="none", marker="o", markersize=8, color=fig.BLUE, zorder=5)
    axes.annotate(
        f"{centre:.4g}",
        (centre, 0),
        xytext=(0, 8),
        textcoords="offset points",
        ha="center",
        fontsize=9,
        color=fig.BLACK,
    )
    for row, (step, (_, point, low, high)) in enumerate(zip(steps, rows, strict=True), start=1):
        mark = _TAKEN if step.accepted else _LEFT_OUT
        draw_interval(axes, row, point, low, high, **mark)
        if not math.isfinite(point):
            axes.annotate("no finite value to compare", (centre, row), va="center", fontsize=9, fontstyle="italic")
        axes.annotate(
            step.outcome,
            (1, row),
            xycoords=axes.get_yaxis_transform(),
            xytext=(6, 0),
            textcoords="offset points",
            va="center",
            fontsize=9,
            fontweight="bold" if step.accepted else "normal",
            color=fig.BLACK,
            annotation_clip=False,
        )
    if not steps:
        axes.set_ylim(1.4, -0.6)
        axes.annotate(
            "No lever looked better on its own,\nso there was nothing to combine.",
            (0.5, 0.35),
            xycoords="axes fraction",
            ha="center",
            fontsize=10,
            color=fig.BLACK,
        )


def _draw_line(axes, level, steps, rows):
    """Draws the level that stands at each row: straight down past what was left out, sideways to what was taken."""
    x, y = [level], [0]
    for row, (step, (_, point, *_)) in enumerate(zip(steps, rows, strict=True), start=1):
        x.append(level)
        y.append(row)
        if step.accepted and math.isfinite(point):
            level = point
            x.append(level)
            y.append(row)
    axes.plot(x, y, color=fig.BLUE, linewidth=1.2, linestyle=":", zorder=1)


def _draw_test(axes, record):
    test = record.test
    same = record.winner == record.result.baseline.name
    bars = [("template", test.baseline, fig.BLUE)]
    if not same:
        bars.append(("winner", test.winner, fig.GREEN if test.verdict == "better" else fig.GREY))
    fig.style(axes, title="Tested once", y="test loss (lower is better)")
    axes.grid(False, axis="x")
    axes.set_xticks(range(len(bars)), [name for name, *_ in bars])
    axes.set_xlim(-0.7, len(bars) - 0.3)
    for place, (_, height, color) in enumerate(bars):
        if not math.isfinite(height):
            axes.annotate("not finite", (place, 0), ha="center", fontsize=9, color=fig.BLACK)
            continue
        axes.bar([place], [height], width=0.55, color=color)
        axes.annotate(
            f"{height:.4g}",
            (place, height),
            xytext=(0, 4),
            textcoords="offset points",
            ha="center",
            fontsize=10,
            fontweight="bold",
            color=fig.BLACK,
        )
    axes.margins(y=0.15)
    interval = f"\n[{test.low:+.3g}, {test.high:+.3g}]" if math.isfinite(test.low) else ""
    outcome = (
        f"the template won\n{test.rows} rows"
        if same
        else f"{test.verdict}\n{test.difference:+.3g}{interval}\n{test.rows} rows"
    )
    axes.set_xlabel(outcome, fontsize=9, color=fig.BLACK)


def _what_was_tried(step):
    """The lever that a step adds, or takes out."""
    if step.kind == "backward":
        kept = step.variant.split(" + ")
        return "− " + " + ".join(lever for lever in step.against.split(" + ") if lever not in kept)
    return "+ " + step.variant.removeprefix(f"{step.against} + ")


def _wrapped(text, width=26):
    return "\n".join(textwrap.wrap(text, width, break_on_hyphens=False)) or text
