"""Learning curves over seeds: a panel for each variant."""

import math

import numpy as np

from keras_regkit._core.extras import require
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._choice import chosen
from keras_regkit.plots._names import lines_in, wrapped
from keras_regkit.plots._trials import trials_of

_COLUMNS, _PANELS = 3, 12
_NAME = 28  # characters in a line of a panel's title
_CURVES = (
    ("data_loss", "train, median", fig.BLUE, "--"),
    ("val_data_loss", "validation, median", fig.ORANGE, "-"),
)
_QUARTERS = 5  # seeds from which on the middle half is told apart
_REACH = 3.0  # times the typical reach: what rises above it is cut off


def draw_fans(record, variants=None, size=None):
    """Returns the figure. What `draw_study` says of `kind="curves"` holds."""
    names = chosen(record, variants, _PANELS)
    columns = min(_COLUMNS, len(names))
    rows = math.ceil(len(names) / columns)
    titles = [wrapped(name, _NAME if columns > 1 else 3 * _NAME) for name in names]
    height = (2.0 if len(names) > 1 else 3.0) + 0.15 * (max(map(lines_in, titles)) - 1)
    width = 8.0 if columns > 2 else 7.0  # what the legend needs
    figure, grid = fig.new_figure(
        rows, columns, size=size or (width, 1.0 + height * rows), squeeze=False, sharex=True, sharey=True
    )
    longest = max(trial.epochs for name in names for trial in trials_of(record, name))
    for axes, name, title in zip(grid.flat, names, titles, strict=False):
        trials = trials_of(record, name)
        _draw_panel(axes, trials, longest)
        if name != record.baseline.name:
            _draw_reference(axes, trials_of(record, record.baseline.name))
        fig.style(axes)
        axes.set_title(title, fontsize=10, color=fig.BLACK, parse_math=False)
    for axes in grid.flat[len(names) :]:
        axes.set_visible(False)
    for column in range(columns):
        last = [axes for axes in grid[:, column] if axes.get_visible()][-1]
        last.tick_params(labelbottom=True)
        last.set_xlabel("epoch (from 0)", color=fig.BLACK)
    fig.whole_ticks(grid[0, 0].xaxis)
    figure.supylabel("loss without penalties", fontsize=10, color=fig.BLACK)
    left_out = len({t.variant for t in record.trials}) - len(names) if variants is None else 0
    _draw_head(figure, record, len(names), left_out)
    _keep_in_view([(a, trials_of(record, n)) for a, n in zip(grid.flat, names, strict=False)], longest)
    _draw_legend(figure, record, grid.flat[: len(names)])
    return figure


def _draw_panel(axes, trials, longest):
    for curve, label, color, line in _CURVES:
        _draw_fan(axes, [np.asarray(t.curves.get(curve, ()), float) for t in trials], color, line, label)
    diverged = 0
    for trial in trials:
        run = np.asarray(trial.curves.get("val_data_loss", ()), float)
        finite = np.flatnonzero(np.isfinite(run))
        lost = len(run) and not np.isfinite(run[-1])
        diverged += bool(lost)
        if not finite.size or not (lost or trial.epochs < longest):
            continue
        marker, label = ("x", "diverged") if lost else ("|", "stopped")
        axes.plot(
            [finite[-1]],
            [run[finite[-1]]],
            linestyle="none",
            marker=marker,
            markersize=6 if lost else 9,
            markeredgewidth=1.4,
            color=fig.BLACK,
            label=label,
            zorder=5,
        )
    if diverged:
        axes.annotate(
            f"{diverged} of {len(trials)} diverged",
            (0.98, 0.04),
            xycoords="axes fraction",
            ha="right",
            fontsize=8.5,
            fontstyle="italic",
            color=fig.BLACK,
        )


def _draw_fan(axes, runs, color, line, label):
    """Draws median and spread over seeds as far as at least half of them got, and the rest as lines."""
    table = _table(runs)
    if not table.size:
        return
    middle = _median(table)
    shown = np.isfinite(middle)
    epochs = np.flatnonzero(shown)
    if epochs.size:
        bands = [(0, 100, 0.16)] + ([(25, 75, 0.22)] if len(runs) >= _QUARTERS else [])
        for low, high, alpha in bands:
            ends = np.nanpercentile(table[:, shown], [low, high], axis=0)
            axes.fill_between(epochs, *ends, color=color, alpha=alpha, linewidth=0)
    axes.plot(middle, line, color=color, linewidth=2.0, label=label, marker="o" if table.shape[1] <= 3 else None)
    for run in table:
        # From where the median ends: what the few did that went on.
        beyond = np.where(shown & np.append(shown[1:], True), np.nan, run)
        if np.isfinite(run[~shown]).any():
            axes.plot(beyond, line, color=color, linewidth=0.7, alpha=0.6)


def _draw_reference(axes, trials):
    table = _table([np.asarray(t.curves.get("val_data_loss", ()), float) for t in trials])
    if table.size:
        axes.plot(_median(table), ":", color=fig.BLACK, linewidth=1.3, label="the baseline's validation", zorder=3)


def _table(runs):
    """Returns the runs as rows, NaN where they had ended or were not finite."""
    table = np.full((len(runs), max(map(len, runs), default=0)), np.nan)
    for row, run in zip(table, runs, strict=True):
        row[: len(run)] = np.where(np.isfinite(run), run, np.nan)
    return table


def _median(table):
    # Beyond the point where most seeds have stopped, a median would tell of the few that went on.
    shown = np.isfinite(table).sum(axis=0) * 2 >= len(table)
    middle = np.full(table.shape[1], np.nan)
    if shown.any():
        middle[shown] = np.nanmedian(table[:, shown], axis=0)
    return middle


def _keep_in_view(panels, longest):
    """Sets the height of the panels: the first fall may leave it at the top, and so may a variant that exploded.

    Either would press what is to be compared onto a line. A variant that is still above when the fall is over is named.
    """
    reached, lowest = [], math.inf
    for _, trials in panels:
        runs = [np.asarray(t.curves.get(name, ()), float) for t in trials for name in _NAMES]
        values = np.concatenate([run[min(longest // 10, len(run) // 2) :] for run in runs])
        values = values[np.isfinite(values)]
        reached.append(values.max() if values.size else math.nan)
        lowest = min(lowest, values.min()) if values.size else lowest
    finite = [top for top in reached if math.isfinite(top)]
    if not finite:
        return
    typical = sorted(finite)[(len(finite) - 1) // 2]
    highest = max(top for top in finite if top - lowest <= _REACH * (typical - lowest))
    if highest > lowest:
        margin = 0.08 * (highest - lowest)
        panels[0][0].set_ylim(lowest - margin, highest + margin)
    for (axes, _), top in zip(panels, reached, strict=True):
        if top > highest:
            axes.annotate(
                f"cut off: reaches {top:.3g}",
                (0.98, 0.96),
                xycoords="axes fraction",
                ha="right",
                va="top",
                fontsize=8.5,
                fontstyle="italic",
                color=fig.BLACK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 1},
            )


_NAMES = tuple(curve for curve, *_ in _CURVES)


def _draw_head(figure, record, shown, left_out):
    title = f"Learning curves, {record.baseline.seeds} seeds each"
    if left_out > 0:
        title += f": the baseline and the best {shown - 1} of {shown + left_out - 1}"
    figure.suptitle(title, x=0.02, ha="left", fontsize=12, fontweight="bold", color=fig.BLACK)


def _draw_legend(figure, record, panels):
    """One legend for all panels, of what they show."""
    found = {}
    for axes in panels:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            found.setdefault(label, handle)
    patches = require("matplotlib.patches", extra="plots", purpose="Drawing")
    band = "lowest to highest" + ("; darker: middle half" if record.baseline.seeds >= _QUARTERS else "")
    found[band] = patches.Patch(color=fig.GREY, alpha=0.3, linewidth=0)
    figure.legend(
        found.values(),
        found.keys(),
        loc="outside lower center",
        ncols=3,
        frameon=False,
        fontsize=9,
        labelcolor=fig.BLACK,
    )
