"""The reliability diagram shows what the record holds."""

import numpy as np
import pytest

from keras_regkit.uncertainty import CalibrationResult

pytest.importorskip("matplotlib")


def test_bars_are_the_bins():
    record = CalibrationResult.of(np.array([0, 1, 1, 0]), np.array([0.05, 0.9, 0.6, 0.6]), bins=5)
    figure = record.plot(size=(4, 5))
    above, below = figure.axes
    accuracy, gap = (container.patches for container in above.containers)
    assert [round(bar.get_x() + bar.get_width() / 2, 6) for bar in accuracy] == [0.5, 0.9]
    assert [bar.get_height() for bar in accuracy] == [0.5, 1.0]
    assert [bar.get_y() + bar.get_height() for bar in gap] == pytest.approx([0.6, 0.925])
    assert [bar.get_height() for bar in below.containers[0].patches] == [0.5, 0.5]
    assert f"{record.ece:.3g}" in above.get_title(loc="left")
    assert figure._repr_png_()


def test_a_record_of_one_row_can_be_drawn():
    assert CalibrationResult.of([1], np.array([1.0])).plot()._repr_png_()
