"""The common look of every picture."""

import functools
import io

from keras_regkit._core.extras import require

# Okabe and Ito's palette: told apart by readers with any colour vision, and in grey by lightness.
BLUE = "#0072B2"
ORANGE = "#D55E00"
GREEN = "#009E73"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
YELLOW = "#E69F00"
BLACK = "#333333"
GREY = "#8A8A8A"
LIGHT = "#E3E3E3"

DPI = 120


def new_figure(rows=1, columns=1, *, size=(8.0, 4.5), **options):
    """Returns `(figure, axes)` that belong to no pyplot state.

    Args:
        rows, columns: Grid of axes; a single one comes bare, several as an array.
        size: Width and height in inches.
        **options: Passed on to `Figure.subplots`.
    """
    matplotlib_figure = require("matplotlib.figure", extra="plots", purpose="Drawing")
    figure = matplotlib_figure.Figure(figsize=size, dpi=DPI, layout="constrained")
    # Without pyplot a notebook does not know how to show a figure: this is the hook that it looks for.
    figure._repr_png_ = functools.partial(as_png, figure)
    return figure, figure.subplots(rows, columns, **options)


def style(axes, *, title=None, x=None, y=None):
    """Gives `axes` the common look: a light grid behind, no box, quiet labels."""
    axes.set_axisbelow(True)
    axes.grid(True, color=LIGHT, linewidth=0.8)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    axes.tick_params(colors=BLACK, labelsize=9, length=3)
    if title is not None:
        axes.set_title(title, loc="left", fontsize=12, fontweight="bold", color=BLACK)
    if x is not None:
        axes.set_xlabel(x, color=BLACK)
    if y is not None:
        axes.set_ylabel(y, color=BLACK)


def whole_ticks(axis):
    """Lets an axis show whole numbers only."""
    ticker = require("matplotlib.ticker", extra="plots", purpose="Drawing")
    axis.set_major_locator(ticker.MaxNLocator(integer=True))


def as_png(figure):
    """Returns the picture as PNG bytes."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", facecolor="white")
    return buffer.getvalue()
