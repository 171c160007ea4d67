"""Draws a `StudyResult`: the differences with their intervals, or the curves behind one of them."""

import math

import numpy as np

from keras_regkit._core.checks import OneOf, did_you_mean
from keras_regkit._core.extras import require
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw
from keras_regkit.plots._interval import draw_interval
from keras_regkit.plots._span import span_around
from keras_regkit.studies.result import HELPS, HURTS, NO_EVIDENCE, StudyResult

KINDS = OneOf("differences", "curves")
# Told apart by colour, by shape and by filling: any one of them is enough.
MARKS = {
    HELPS: {"color": fig.GREEN, "marker": "o", "filled": True},
    HURTS: {"color": fig.ORANGE, "marker": "s", "filled": True},
    NO_EVIDENCE: {"color": fig.GREY, "marker": "D", "filled": False},
}
_PANELS = (("data_loss", "train"), ("val_data_loss", "validation"))


@draw.register
def draw_study(record: StudyResult, *, kind="differences", variant=None, size=None):
    """Returns a figure of a study.

    Args:
        record: The `StudyResult`.
        kind: `"differences"` (the default): one row per variant, its paired difference to the baseline with the
            interval, the p-value and the verdict. `"curves"`: the learning curves of the baseline and of one variant, a
            line for each seed and a bold one for their median, drawn as far as at least half of the seeds got.
        variant: For `kind="curves"`: name of the variant. Defaults to the best one that helps; if none does, the
            baseline is drawn alone.
        size: Width and height in inches. Defaults to 8 by what the rows need.

    Raises:
        ValueError: an unknown `kind` or `variant`, or a `variant` for a picture that shows all of them.

    >>> import numpy as np
    >>> import keras_regkit as rk
    >>> x, y = np.ones((8, 3)), np.zeros((8, 1))
    >>> study = rk.Study(
    ...     lambda seed: rk.presets.mlp(3, task="regression", seed=seed),
    ...     levers={"dropout": [0.4]}, train=(x, y), validation=(x, y), seeds=2, epochs=1,
    ... )
    >>> result = study.run(verbose=0)
    >>> [label.get_text() for label in result.plot().axes[0].get_yticklabels()]
    ['dropout=0.4']
    >>> [axes.get_title() for axes in result.plot(kind="curves", variant="dropout=0.4").axes]
    ['train', 'validation']
    """
    KINDS.check("kind", kind)
    if kind == "curves":
        return _curves(record, variant, size or (8.0, 3.8))
    if variant is not None:
        raise ValueError(
            f"`variant` chooses whose curves are drawn: use it with kind='curves'. Received: {variant!r} with "
            f"kind='differences', which shows all variants"
        )
    return _differences(record, size)


def _differences(record, size):
    rows = record.summaries[1:]
    figure, axes = fig.new_figure(size=size or (8.0, 1.9 + 0.34 * max(len(rows), 1)))
    baseline = record.baseline
    fig.style(axes, x=f"difference of {record.metric} to the baseline ({record.confidence:.0%} interval)")
    axes.set_title(
        f"{len(rows)} variants against the baseline, {baseline.seeds} seeds each",
        loc="left",
        fontsize=12,
        fontweight="bold",
        color=fig.BLACK,
        pad=26,
    )
    axes.set_yticks(range(len(rows)), [s.name for s in rows], parse_math=False)
    axes.set_ylim(max(len(rows), 1) - 0.5, -0.6)
    axes.tick_params(axis="y", length=0)
    axes.spines["left"].set_visible(False)
    axes.grid(False, axis="y")
    # A variant that diverged most of the time does not set the scale for those that did not.
    judged = [s for s in rows if s.diverged <= s.seeds / 2] or rows
    left, right = span_around(0.0, [[s.difference, s.low, s.high] for s in judged])
    axes.set_xlim(left, right)
    _shade_better_side(axes, record.direction, left, right)
    axes.axvline(0, color=fig.BLACK, linewidth=1.2)
    for row, summary in enumerate(rows):
        _draw_row(axes, row, summary)
    _say_direction(axes, record)
    return figure


def _draw_row(axes, row, summary):
    mark = MARKS[summary.verdict]
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
        )
    verdict = summary.verdict
    if summary.diverged:
        verdict += f" ({summary.diverged} of {summary.seeds} diverged)"
    p = "" if summary.p_adjusted is None else _p(summary.p_adjusted)
    _beside(axes, row, 14, p)
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
    _beside(axes, row, 84, verdict, fontweight="normal" if summary.verdict == NO_EVIDENCE else "bold")


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


def _shade_better_side(axes, direction, left, right):
    good = (left, 0) if direction == "min" else (0, right)
    axes.axvspan(*good, color=fig.GREEN, alpha=0.06, linewidth=0)


def _say_direction(axes, record):
    lower = record.direction == "min"
    side = "left" if lower else "right"
    baseline = record.baseline
    mean = f"{baseline.mean:.4g} ± {baseline.sd:.2g}" if math.isfinite(baseline.sd) else f"{baseline.mean:.4g}"
    text = f"{'lower' if lower else 'higher'} is better: {side} helps.   Baseline: {mean}"
    options = {"xycoords": "axes fraction", "textcoords": "offset points", "fontsize": 9, "color": fig.BLACK}
    axes.annotate(text, (0, 1), xytext=(0, 8), va="bottom", **options)
    for points, name in ((14, "p (Holm)"), (70, "verdict")):
        axes.annotate(name, (1, 1), xytext=(points, 8), va="bottom", fontweight="bold", **options)


def _curves(record, variant, size):
    names = list(dict.fromkeys(trial.variant for trial in record.trials))
    baseline = record.baseline.name
    if variant is None:
        variant = record.best.name
    elif variant not in names:
        raise ValueError(
            f"`variant` must be one of those with trials in this study: {names}.{did_you_mean(variant, names)} "
            f"Received: {variant!r}"
        )
    figure, panels = fig.new_figure(1, 2, size=size, sharey=True)
    compared = [(baseline, fig.BLUE, "-")]
    if variant != baseline:
        compared.append((variant, fig.ORANGE, "--"))
    for axes, (curve, title) in zip(panels, _PANELS, strict=True):
        for name, color, line in compared:
            runs = [np.asarray(t.curves[curve], float) for t in record.trials if t.variant == name]
            _fan(axes, runs, color, line, name)
        fig.style(axes, x="epoch (from 0)")
        axes.set_title(title, fontsize=11, color=fig.BLACK)
        fig.whole_ticks(axes.xaxis)
    panels[0].set_ylabel("loss without penalties", color=fig.BLACK)
    _keep_in_view(panels[0], record.trials, baseline, variant)
    legend = panels[1].legend(frameon=False, fontsize=9, title=f"median of {record.baseline.seeds} seeds")
    for text in legend.get_texts():
        text.set_parse_math(False)
    return figure


def _fan(axes, runs, color, line, label):
    for run in runs:
        axes.plot(run, line, color=color, linewidth=0.8, alpha=0.35)
    longest = max(len(run) for run in runs)
    padded = np.full((len(runs), longest), np.nan)
    for row, run in zip(padded, runs, strict=True):
        row[: len(run)] = np.where(np.isfinite(run), run, np.nan)
    # Beyond the point where most seeds have stopped, a median would tell of the few that went on.
    shown = np.isfinite(padded).sum(axis=0) * 2 >= len(runs)
    middle = np.full(longest, np.nan)
    middle[shown] = np.nanmedian(padded[:, shown], axis=0)
    marker = "o" if longest <= 3 else None
    axes.plot(middle, line, color=color, linewidth=2.4, label=label, marker=marker)


def _keep_in_view(axes, trials, baseline, variant):
    """Cuts the top off where a run that exploded would press all others onto a line, and says so."""

    def finite(name):
        values = np.concatenate([np.asarray(c, float) for t in trials if t.variant == name for c in t.curves.values()])
        return values[np.isfinite(values)]

    usual, other = finite(baseline), finite(variant)
    if not usual.size or not other.size:
        return
    low, high = min(usual.min(), other.min()), usual.max()
    top = high + 3 * (high - low)
    if other.max() > top > low:
        axes.set_ylim(low - 0.05 * (high - low), high + 0.5 * (high - low))
        axes.annotate(
            f"cut off here: values reach {other.max():.3g}",
            (0.02, 0.98),
            xycoords="axes fraction",
            va="top",
            fontsize=8.5,
            color=fig.BLACK,
        )
