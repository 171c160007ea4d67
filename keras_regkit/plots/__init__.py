"""Draws the plain records: `draw(record)` returns a matplotlib figure.

Each module here draws the records of one room and registers itself with `draw`. matplotlib is imported when
something is drawn, and without pyplot: no global state, no window.
"""

from keras_regkit.plots import (  # noqa: F401 (they register themselves)
    augmentation,
    calibration,
    decision,
    diagnosis,
    study,
)
from keras_regkit.plots._draw import draw

__all__ = ["draw"]
