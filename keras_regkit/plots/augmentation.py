"""Draws a `SampleGrid`: images before and after a layer."""

import numpy as np

from keras_regkit.augmentation.sample_grid import SampleGrid
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw

_CELL = 1.7  # inches
_TAB10 = "tab10"


@draw.register
def draw_samples(record: SampleGrid, *, size=None):
    """Returns a figure with a row for each image: as it came, then versions of it.

    Args:
        record: The `SampleGrid`.
        size: Width and height in inches. Defaults to what the images need.

    >>> from keras_regkit.augmentation.sample_grid import GridCell
    >>> cell = GridCell(np.zeros((4, 4, 3)), title="cat", boxes=((0, 0, 2, 2),))
    >>> figure = draw_samples(SampleGrid(((cell, cell),), ("before", "after, 1")))
    >>> [axes.get_title() for axes in figure.axes]
    ['before\\ncat', 'after, 1\\ncat']
    """
    rows, columns = len(record.cells), len(record.columns)
    size = size or (_CELL * columns, (_CELL + 0.2) * rows + 0.2)
    figure, grid = fig.new_figure(rows, columns, size=size, squeeze=False)
    for k, row in enumerate(record.cells):
        for axes, cell, column in zip(grid[k], row, record.columns, strict=True):
            _draw_cell(axes, cell, column if k == 0 else "")
    return figure


def _draw_cell(axes, cell, column):
    axes.imshow(cell.image, interpolation="nearest")
    if cell.mask is not None:
        shown = np.ma.masked_equal(cell.mask, 0)
        axes.imshow(shown % 10, cmap=_TAB10, vmin=0, vmax=9, alpha=0.5, interpolation="nearest")
    for left, upper, right, lower in cell.boxes:
        # Edges lie between pixels, whose middles are at whole numbers.
        x, y = np.array([left, right, right, left, left]) - 0.5, np.array([upper, upper, lower, lower, upper]) - 0.5
        axes.plot(x, y, color=fig.ORANGE, linewidth=1.4, clip_on=False)
    height, width = cell.image.shape[:2]
    axes.set_xlim(-0.5, width - 0.5)
    axes.set_ylim(height - 0.5, -0.5)
    axes.set_title("\n".join(filter(None, [column, cell.title])), fontsize=9, color=fig.BLACK)
    axes.set_axis_off()
