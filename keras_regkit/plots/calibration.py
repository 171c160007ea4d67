"""Draws a `CalibrationResult`: the reliability diagram."""

import numpy as np

from keras_regkit.plots import _figure as fig
from keras_regkit.plots._draw import draw
from keras_regkit.uncertainty import CalibrationResult


@draw.register
def draw_calibration(record: CalibrationResult, *, size=(5.5, 6.5)):
    """Returns a figure with the accuracy of each bin against its confidence, and the share of rows in it below.

    Args:
        record: The `CalibrationResult`.
        size: Width and height in inches.

    >>> from keras_regkit.uncertainty import CalibrationResult
    >>> result = CalibrationResult.of(np.array([0, 1, 1]), np.array([0.2, 0.9, 0.6]), bins=5)
    >>> result.plot().axes[0].get_ylabel()
    'accuracy'
    """
    figure, (above, below) = fig.new_figure(2, 1, size=size, sharex=True, height_ratios=(3, 1))
    filled = [b for b in record.bins if b.share]
    middles = np.array([(b.low + b.high) / 2 for b in filled])
    width = 1 / len(record.bins)
    accuracy, confidence = (np.array([getattr(b, name) for b in filled]) for name in ("accuracy", "confidence"))
    above.bar(middles, accuracy, width, color=fig.BLUE, edgecolor="white", label="accuracy")
    above.bar(
        middles,
        confidence - accuracy,
        width,
        accuracy,
        color=fig.ORANGE,
        alpha=0.35,
        edgecolor=fig.ORANGE,
        hatch="//",
        label="gap to the confidence",
    )
    above.plot([0, 1], [0, 1], "--", color=fig.BLACK, linewidth=1.2, label="as sure as right")
    above.set_xlim(0, 1)
    above.set_ylim(0, 1)
    fig.style(above, title=f"Calibration error (ECE) {record.ece:.3g}", y="accuracy")
    above.legend(frameon=False, fontsize=9, loc="upper left")
    below.bar(middles, [b.share for b in filled], width, color=fig.GREY, edgecolor="white")
    below.axvline(record.accuracy, color=fig.BLUE, linewidth=1.6, label=f"accuracy {record.accuracy:.3g}")
    below.axvline(
        record.confidence, color=fig.ORANGE, linewidth=1.6, linestyle="--", label=f"confidence {record.confidence:.3g}"
    )
    fig.style(below, x="confidence, the largest probability", y="share of rows")
    below.legend(frameon=False, fontsize=9, loc="upper left")
    return figure
