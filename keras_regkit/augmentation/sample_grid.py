"""The record that `show` draws."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class GridCell:
    """One image of a grid.

    Args:
        image: Array `(height, width, 3)` in [0, 1].
        title: What stands above it.
        boxes: Left, upper, right and lower edge of each box, in pixels.
        mask: Array `(height, width)` of class ids, or None.
    """

    image: Any
    title: str = ""
    boxes: tuple = ()
    mask: Any = None


@dataclasses.dataclass(frozen=True)
class SampleGrid:
    """Samples before and after a layer, one row for each.

    Args:
        cells: Rows of `GridCell`, for images, or of `LineCell`, `HeatCell` or `WordCell`.
        columns: What stands above the columns.
    """

    cells: tuple
    columns: tuple
