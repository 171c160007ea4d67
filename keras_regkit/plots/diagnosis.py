"""Draws a `Diagnosis`: both curves, the best epoch, the gap."""

import numpy as np

from keras_regkit.diagnosis.curves import numbers
from keras_regkit.diagnosis.diagnosis import Diagnosis
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw


@draw.register
def draw_diagnosis(record: Diagnosis, *, size=(8.0, 4.5)):
    """Returns a figure with the train and validation curves, the best epoch marked and the gap shaded.

    Args:
        record: The `Diagnosis`.
        size: Width and height in inches.

    >>> import keras_regkit as rk
    >>> d = rk.diagnose({"loss": [0.9, 0.7, 0.5, 0.3], "val_loss": [0.9, 0.8, 0.9, 1.2]})
    >>> [line.get_label() for line in d.plot().axes[0].lines][:2]
    ['train (loss)', 'validation (val_loss)']
    """
    curves = record.curves
    figure, axes = fig.new_figure(size=size)
    epochs, train, validation = curves.paired()
    axes.fill_between(epochs, train, validation, color=fig.GREY, alpha=0.15, linewidth=0, label="gap")
    _curve(axes, curves.epochs, curves.train, curves.train_spread, fig.BLUE, "-", f"train ({curves.train_name})")
    label = f"validation ({curves.validation_name})"
    _curve(axes, curves.validation_epochs, curves.validation, curves.validation_spread, fig.ORANGE, "--", label)
    _mark_best(axes, record)
    if record.since is not None and record.since != record.best_epoch:
        axes.axvline(record.since, color=fig.BLACK, linewidth=1, linestyle="-.", label=f"since epoch {record.since}")
    fig.style(axes, title=_title(record), x="epoch (from 0)", y=curves.train_name)
    fig.whole_ticks(axes.xaxis)
    _keep_in_view(axes, train, validation)
    axes.legend(frameon=False, fontsize=9)
    return figure


def _curve(axes, epochs, values, spread, color, line, label):
    x, y = np.asarray(epochs), numbers(values)
    # A curve of few points shows where it was measured.
    marker = "o" if len(x) <= 30 else None
    axes.plot(x, y, line, color=color, linewidth=2, marker=marker, markersize=4, label=label)
    if spread is not None:
        half = numbers(spread)
        axes.fill_between(x, y - half, y + half, color=color, alpha=0.18, linewidth=0)


def _mark_best(axes, record):
    if record.best_epoch is None:
        return
    measured = dict(zip(record.curves.validation_epochs, record.curves.validation, strict=True))
    best = record.best_epoch
    axes.axvline(best, color=fig.GREEN, linewidth=1.2, linestyle=":")
    axes.plot(
        [best],
        [measured[best]],
        linestyle="none",
        marker="*",
        markersize=14,
        color=fig.GREEN,
        markeredgecolor="white",
        zorder=5,
        label=f"best epoch {best}",
    )


def _keep_in_view(axes, *curves):
    """Turns to a logarithmic scale where a diverging end would press all the rest into a line."""
    finite = np.concatenate([values[np.isfinite(values)] for values in curves])
    if not finite.size:
        return
    low, middle, high = finite.min(), np.median(finite), finite.max()
    if high - low > 20 * (middle - low) > 0:
        # Below the middle the scale stays straight: a loss may be negative.
        axes.set_yscale("symlog", linthresh=max(abs(low), abs(middle)))


def _title(record):
    name = record.regime[0].upper() + record.regime[1:]
    runs = f", mean of {record.curves.runs} runs" if record.curves.runs > 1 else ""
    return f"{name}{runs}"
