"""Draws a `SampleGrid`: samples before and after a layer."""

import numpy as np

from keras_regkit.augmentation.sample_cells import HeatCell, LineCell, WordCell
from keras_regkit.augmentation.sample_grid import SampleGrid
from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw

_CELL = 1.7  # inches
_TAB10 = "tab10"
_COLOURS = (fig.BLUE, fig.ORANGE, fig.GREEN, fig.PURPLE, fig.SKY, fig.YELLOW)
# Words are set in letters of one width: letters in a line, points, inches for a letter and a line.
_LINE, _FONT, _LETTER, _LEADING = 30, 7, 0.06, 0.14


@draw.register
def draw_samples(record: SampleGrid, *, size=None):
    """Returns a figure with a row for each sample: as it came, then versions of it.

    Args:
        record: The `SampleGrid`.
        size: Width and height in inches. Defaults to what the samples need.

    >>> from keras_regkit.augmentation.sample_grid import GridCell
    >>> cell = GridCell(np.zeros((4, 4, 3)), title="cat", boxes=((0, 0, 2, 2),))
    >>> figure = draw_samples(SampleGrid(((cell, cell),), ("before", "after, 1")))
    >>> [axes.get_title() for axes in figure.axes]
    ['before\\ncat', 'after, 1\\ncat']
    """
    rows, columns = len(record.cells), len(record.columns)
    width, height = _needed(record)
    size = size or (width * columns, (height + 0.2) * rows + 0.2)
    figure, grid = fig.new_figure(rows, columns, size=size, squeeze=False)
    for k, row in enumerate(record.cells):
        for axes, cell, column in zip(grid[k], row, record.columns, strict=True):
            _draw_cell(axes, cell, column if k == 0 else "")
    return figure


def _needed(record):
    """Returns the inches that a cell needs."""
    first = record.cells[0][0]
    if isinstance(first, WordCell):
        lines = max(len(_lines(cell.words)) for row in record.cells for cell in row)
        return _LINE * _LETTER + 0.3, lines * _LEADING + 0.4
    return (2.2, 1.4) if isinstance(first, LineCell | HeatCell) else (_CELL, _CELL)


def _draw_cell(axes, cell, column):
    if isinstance(cell, LineCell):
        _draw_lines(axes, cell)
    elif isinstance(cell, HeatCell):
        _draw_heat(axes, cell)
    elif isinstance(cell, WordCell):
        _draw_words(axes, cell)
    else:
        _draw_image(axes, cell)
    axes.set_title("\n".join(filter(None, [column, cell.title])), fontsize=9, color=fig.BLACK)


def _draw_lines(axes, cell):
    for feature, colour in zip(cell.values.T, _COLOURS, strict=False):
        axes.plot(feature, color=colour, linewidth=0.8)
    margin = 0.05 * (cell.high - cell.low) or 1.0
    axes.set_ylim(cell.low - margin, cell.high + margin)
    axes.set_xlim(0, max(len(cell.values) - 1, 1))
    fig.style(axes)
    axes.tick_params(labelsize=6)


def _draw_heat(axes, cell):
    # Time to the right, and high frequencies above.
    axes.imshow(cell.values.T, origin="lower", aspect="auto", vmin=cell.low, vmax=cell.high, interpolation="nearest")
    axes.set_axis_off()


def _draw_words(axes, cell):
    lines = _lines(cell.words)
    changed = iter(cell.changed)
    for number, line in enumerate(lines):
        place = 0
        for word in line:
            colour, weight = (fig.ORANGE, "bold") if next(changed) else (fig.BLACK, "normal")
            # A dollar would begin a formula.
            axes.text(
                place * _LETTER,
                -number * _LEADING,
                word,
                color=colour,
                fontsize=_FONT,
                fontweight=weight,
                family="monospace",
                va="top",
                parse_math=False,
            )
            place += len(word) + 1
    axes.set_xlim(0, _LINE * _LETTER)
    axes.set_ylim(-max(len(lines), 1) * _LEADING, 0)
    axes.set_axis_off()


def _lines(words):
    """Returns the words line by line; what is longer than a line is cut.

    >>> _lines(("a", "b" * 29, "c"))[1]
    ['bbbbbbbbbbbbbbbbbbbbbbbbbbbbb']
    """
    lines, used = [[]], 0
    for word in words:
        word = word[:_LINE]
        if lines[-1] and used + len(word) > _LINE:
            lines, used = [*lines, []], 0
        lines[-1].append(word)
        used += len(word) + 1
    return lines


def _draw_image(axes, cell):
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
    axes.set_axis_off()
