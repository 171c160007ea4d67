"""How a plain record draws itself without knowing of pictures.

The rooms that make records lie below `plots`, so they cannot import it. A record's `plot()` calls `draw`, which finds
the drawing by the record's type. This is the one place that reaches upwards, by name, and only when asked.
"""

from keras_regkit._core.extras import require


def draw(record, **options):
    """Draws `record` with `keras_regkit.plots.draw` and returns the matplotlib figure."""
    require("matplotlib", extra="plots", purpose="Drawing")
    return require("keras_regkit.plots", extra="plots", purpose="Drawing").draw(record, **options)
