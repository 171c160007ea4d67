"""One function that draws every record, by its type."""

import functools
from typing import Any


@functools.singledispatch
def draw(record: Any, **options: Any) -> Any:
    """Draws a record and returns the matplotlib figure.

    The same as `record.plot(**options)`.

    Args:
        record: A record of this package that can be drawn, such as a `Diagnosis`.
        **options: What the drawing of that record takes.

    Raises:
        TypeError: nothing here draws such a record.

    >>> import keras_regkit as rk
    >>> d = rk.diagnose({"loss": [0.9, 0.7, 0.5, 0.3], "val_loss": [0.9, 0.8, 0.9, 1.2]})
    >>> figure = rk.plots.draw(d)
    >>> figure.axes[0].get_xlabel()
    'epoch (from 0)'
    """
    drawn = sorted(kind.__name__ for kind in draw.registry if kind is not object)
    raise TypeError(f"`record` must be one of {drawn}. Received: {record!r:.80} of type {type(record).__name__}")
