"""The picture of a diagnosis shows what the record holds."""

import subprocess
import sys

import numpy as np
import pytest

from keras_regkit.diagnosis import diagnose
from keras_regkit.plots import draw

pytest.importorskip("matplotlib")

LOSS = [1.0, 0.6, 0.4, 0.3, 0.2, 0.1]
VAL_LOSS = [1.0, 0.7, 0.6, 0.8, 1.0, 1.2]


def _lines(figure):
    return {line.get_label(): line for line in figure.axes[0].lines}


def test_curves_best_epoch_and_gap():
    d = diagnose({"loss": LOSS, "val_loss": VAL_LOSS})
    figure = d.plot()
    axes, lines = figure.axes[0], _lines(figure)
    assert axes.get_title(loc="left") == "Overfitting"
    np.testing.assert_allclose(lines["train (loss)"].get_xydata(), np.c_[range(6), LOSS])
    np.testing.assert_allclose(lines["validation (val_loss)"].get_xydata(), np.c_[range(6), VAL_LOSS])
    np.testing.assert_allclose(lines["best epoch 2"].get_xydata(), [[2, 0.6]])
    assert [band.get_label() for band in axes.collections] == ["gap"]
    assert axes.get_xlabel() == "epoch (from 0)"
    assert axes.get_ylabel() == "loss"


def test_several_runs_have_a_band_for_each_curve():
    runs = [{"loss": np.add(LOSS, s), "val_loss": np.add(VAL_LOSS, s)} for s in (0.0, 0.1)]
    figure = diagnose(runs).plot()
    assert len(figure.axes[0].collections) == 3
    assert "mean of 2 runs" in figure.axes[0].get_title(loc="left")


def test_validation_every_second_epoch_is_drawn_where_it_was_measured():
    figure = diagnose({"loss": LOSS, "val_loss": VAL_LOSS[:3]}).plot()
    assert list(_lines(figure)["validation (val_loss)"].get_xdata()) == [1, 3, 5]
    assert len(_lines(figure)["train (loss)"].get_xdata()) == 6


@pytest.mark.parametrize(
    ("loss", "scale"),
    [
        ([1, 0.5, float("nan"), float("nan")], "linear"),
        ([float("inf")] * 4, "linear"),
        ([1, 0.5, 0.4, 0.6, 1, 3, 9, 40, 200, 900.0], "symlog"),
        ([-1, -1.5, -1.6, -1.4, 1, 3, 9, 40, 200, 900.0], "symlog"),
    ],
)
def test_diverging_curves_can_be_drawn(loss, scale):
    figure = diagnose({"loss": loss, "val_loss": loss}).plot()
    assert figure.axes[0].get_yscale() == scale
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_size_and_unknown_options():
    d = diagnose({"loss": LOSS, "val_loss": VAL_LOSS})
    assert tuple(d.plot(size=(4.0, 3.0)).get_size_inches()) == (4.0, 3.0)
    with pytest.raises(TypeError, match="colour"):
        d.plot(colour="red")


def test_other_records_are_refused():
    with pytest.raises(TypeError, match=r"one of \[.*'Diagnosis'.*\].*Received: 3"):
        draw(3)


def test_drawing_leaves_no_pyplot_figure_behind():
    from matplotlib import pyplot

    before = pyplot.get_fignums()
    diagnose({"loss": LOSS, "val_loss": VAL_LOSS}).plot()
    assert pyplot.get_fignums() == before


def test_diagnosing_does_not_import_the_pictures():
    code = (
        "import sys, keras_regkit as rk\n"
        "d = rk.diagnose({'loss': [1, 0.5, 0.4], 'val_loss': [1, 0.5, 0.6]})\n"
        "print(d, d._repr_html_())\n"
        "assert 'keras_regkit.plots' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, capture_output=True)
