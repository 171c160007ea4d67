"""What the pictures share: panels, heat maps, and reading arrays."""

import keras
import numpy as np

from keras_regkit.plots import _figure as fig

WIDTH = 6.6  # inches: letters stay readable where a telephone shows the picture half as wide
COLOURS = (fig.BLUE, fig.ORANGE, fig.GREEN, fig.PURPLE)


def panels(columns=1, rows=1, *, height=2.5, **options):
    """Returns `(figure, list of axes)`."""
    figure, axes = fig.new_figure(rows, columns, size=(WIDTH, height), squeeze=False, **options)
    return figure, list(axes.ravel())


def title(axes, text):
    """Writes a title in the size of the panels."""
    axes.set_title(text, fontsize=9.5, color=fig.BLACK)


def lines(axes, heading=None, *, x=None, y=None, legend=True):
    """Gives a panel of lines the common look."""
    fig.style(axes, x=x, y=y)
    axes.xaxis.label.set_size(9)
    axes.yaxis.label.set_size(9)
    axes.tick_params(labelsize=8)
    if heading:
        title(axes, heading)
    if legend and axes.get_legend_handles_labels()[0]:
        axes.legend(fontsize=8, frameon=False)


def heat(axes, values, heading, *, limit=None, positive=False, x=None, y=None):
    """Draws a matrix in colours: blue below 0, white at 0, red above."""
    limit = limit or float(np.abs(values).max()) or 1.0
    low, colours = (0, "Blues") if positive else (-limit, "RdBu_r")
    image = axes.imshow(values, cmap=colours, vmin=low, vmax=limit, aspect="auto", interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_xlabel(x or "", fontsize=8)
    axes.set_ylabel(y or "", fontsize=8)
    title(axes, heading)
    return image


def scale(figure, image, axes):
    """Puts a scale of the colours beside the panels."""
    bar = figure.colorbar(image, ax=axes, fraction=0.04, pad=0.01)
    bar.ax.tick_params(labelsize=7)
    bar.outline.set_visible(False)


def array(tensor):
    """Returns a copy of a tensor as a NumPy array: a weight's own memory would change beneath it."""
    return np.array(keras.ops.convert_to_numpy(tensor))


def tensor(values):
    """Returns an array as a float32 tensor."""
    return keras.ops.convert_to_tensor(np.asarray(values, "float32"))


def added(names):
    """Returns the first layer that an example's `changed` has and its `model` has not."""
    before = {layer.name for layer in names["model"].layers}
    return next(layer for layer in names["changed"].layers if layer.name not in before)


def strengths(card):
    """Returns a lever's strengths in words, for a caption."""
    return " and ".join(f"{value:g}" for value in card.strengths)
