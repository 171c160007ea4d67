"""The picture of a study shows what the record holds, whatever it holds."""

import dataclasses
import math

import numpy as np
import pytest
from fake_decision import SEEDS, study_result

from keras_regkit.plots import draw
from keras_regkit.plots import study as plots_study
from keras_regkit.studies import StudyResult, VariantSummary

pytest.importorskip("matplotlib")


def summary(name, difference=0.0, low=None, high=None, verdict="no evidence", *, p=0.5, diverged=0, seeds=5):
    low = difference - 0.01 if low is None else low
    high = difference + 0.01 if high is None else high
    return VariantSummary(
        name, {}, 0.5 + difference, 0.02, difference, low, high, p, p, verdict, 0.1, 9.0, 1.0, seeds, diverged
    )


def result(*summaries, direction="min"):
    baseline = dataclasses.replace(summary("baseline", verdict="baseline"), p=None, p_adjusted=None)
    return StudyResult("s", "val_data_loss", direction, 0.95, (baseline, *summaries), (), "sequential")


def texts(axes):
    return [text.get_text() for text in axes.texts]


def points(axes, row):
    """The `(x, marker)` of everything drawn at one row inside the axes."""
    return [
        (line.get_xdata()[0], line.get_marker())
        for line in axes.lines
        if len(line.get_xdata()) == 1 and list(line.get_ydata()) == [row] and line.get_transform() == axes.transData
    ]


def intervals(axes, row):
    return [tuple(line.get_xdata()) for line in axes.lines if list(line.get_ydata()) == [row, row]]


def test_one_row_per_variant_with_interval_p_and_verdict():
    record = result(
        summary("dropout=0.5", -0.05, -0.07, -0.03, "helps", p=0.0001),
        summary("l2=0.01", 0.04, 0.02, 0.06, "hurts", p=0.012),
        summary("l2=0.001", 0.001, -0.01, 0.012, "no evidence", p=0.8),
    )
    axes = record.plot().axes[0]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["dropout=0.5", "l2=0.01", "l2=0.001"]
    assert [intervals(axes, row) for row in range(3)] == [[(-0.07, -0.03)], [(0.02, 0.06)], [(-0.01, 0.012)]]
    assert [points(axes, row)[-1] for row in range(3)] == [(-0.05, "o"), (0.04, "s"), (0.001, "D")]
    written = texts(axes)
    assert [t for t in written if t in ("helps", "hurts", "no evidence")] == ["helps", "hurts", "no evidence"]
    assert {"<0.001", "0.012", "0.800"} <= set(written)
    # The first row is on top, and zero is marked.
    assert axes.get_ylim()[0] > axes.get_ylim()[1]
    assert [0, 0] in [list(line.get_xdata()) for line in axes.lines]
    assert axes.get_xlabel() == "difference of val_data_loss to the baseline (95% interval)"


def test_verdicts_differ_in_colour_shape_and_filling():
    axes = result(*(summary(v, verdict=v) for v in ("helps", "hurts", "no evidence"))).plot().axes[0]
    marks = [next(line for line in axes.lines if points_at(line, row)) for row in range(3)]
    assert len({line.get_color() for line in marks}) == 3
    assert len({line.get_marker() for line in marks}) == 3
    assert [line.get_markerfacecolor() == "white" for line in marks] == [False, False, True]


def points_at(line, row):
    return list(line.get_ydata()) == [row] and line.get_marker() in "osD"


@pytest.mark.parametrize(
    ("direction", "text"), [("min", "lower is better: left helps"), ("max", "higher is better: right helps")]
)
def test_the_direction_is_stated_and_its_side_shaded(direction, text):
    axes = result(summary("a", -0.1), summary("b", 0.1), direction=direction).plot().axes[0]
    assert any(t.startswith(text) for t in texts(axes))
    box = axes.patches[0].get_extents().transformed(axes.transData.inverted())
    assert sorted([box.x0, box.x1])[0 if direction == "max" else 1] == pytest.approx(0, abs=1e-9)
    assert (box.x0 < -0.05) == (direction == "min")


def test_an_outlier_is_an_arrow_with_its_number_and_squashes_nothing():
    axes = result(summary("a", -0.02), summary("b", 0.03), summary("c", 200.0, 150.0, 250.0, "hurts")).plot().axes[0]
    low, high = axes.get_xlim()
    assert -0.06 < low < -0.03
    assert 0.04 < high < 0.06
    assert (high, ">") in points(axes, 2)
    assert "+200" in texts(axes)


def test_a_wide_interval_ends_in_arrows():
    record = result(summary("a", -0.02), summary("b", 0.03), summary("c", 0.01, -5.0, 5.0))
    axes = record.plot().axes[0]
    low, high = axes.get_xlim()
    assert high < 0.1
    assert points(axes, 2) == [(low, "<"), (high, ">"), (0.01, "D")]
    assert intervals(axes, 2) == [(low, high)]


def test_only_outliers_are_all_shown():
    axes = result(summary("a", 200.0, 150.0, 250.0), summary("b", 180.0, 100.0, 260.0)).plot().axes[0]
    assert axes.get_xlim()[1] > 260


def test_what_is_not_finite_is_said_and_not_drawn():
    nan = math.nan
    record = result(
        summary("two seeds fewer", -0.02, nan, nan),
        summary("diverged", nan, nan, nan, "hurts", p=1.0, diverged=5),
        summary("a little", 0.01, diverged=1),
    )
    figure = record.plot()
    axes = figure.axes[0]
    assert intervals(axes, 0) == []
    assert points(axes, 0) == [(-0.02, "D")]
    assert points(axes, 1) == []
    assert "no finite value to compare" in texts(axes)
    assert "hurts (5 of 5 diverged)" in texts(axes)
    assert "no evidence (1 of 5 diverged)" in texts(axes)
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_mostly_diverged_variants_do_not_set_the_scale():
    axes = result(summary("a", 0.01), summary("b", 9.0, 8.0, 10.0, "hurts", diverged=4)).plot().axes[0]
    assert axes.get_xlim()[1] < 0.1


@pytest.mark.parametrize(
    "record",
    [
        result(),
        result(summary("a", 0.0, 0.0, 0.0)),
        result(summary("a", math.nan, math.nan, math.nan, "hurts", diverged=5)),
    ],
    ids=["no variant", "no difference at all", "nothing finite"],
)
def test_there_is_always_a_picture(record):
    assert record.plot()._repr_png_().startswith(b"\x89PNG")


def test_names_are_not_read_as_formulas():
    figure = result(summary("my$lever_{=0.5 $")).plot()
    assert figure.axes[0].get_yticklabels()[0].get_text() == "my$lever_{=0.5 $"
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_height_grows_with_the_rows_and_size_is_kept():
    few, many = (result(*(summary(f"l2={i}") for i in range(n))).plot() for n in (2, 20))
    assert many.get_figheight() > few.get_figheight() + 4
    assert tuple(result(summary("a")).plot(size=(5.0, 2.0)).get_size_inches()) == (5.0, 2.0)


@pytest.fixture(scope="module")
def trained():
    return study_result()


def lines_of(axes, color):
    return [line for line in axes.lines if line.get_color() == color]


def test_curves_of_baseline_and_variant_over_seeds(trained):
    figure = draw(trained, kind="curves", variant="dropout=0.3")
    train, validation = figure.axes
    for axes, curve in ((train, "data_loss"), (validation, "val_data_loss")):
        runs = [t.curves[curve] for t in trained.trials if t.variant == "dropout=0.3"]
        *thin, bold = lines_of(axes, plots_study.fig.ORANGE)
        assert [list(line.get_ydata()) for line in thin] == runs
        # Runs of 50 to 54 epochs: at least half of the five reach epoch 51.
        shown = min(len(run) for run in runs)
        np.testing.assert_allclose(bold.get_ydata()[:shown], np.median([run[:shown] for run in runs], axis=0))
        np.testing.assert_allclose(bold.get_ydata()[51], np.median([run[51] for run in runs if len(run) > 51]))
        assert np.isnan(bold.get_ydata()[53])
        assert len(lines_of(axes, plots_study.fig.BLUE)) == len(SEEDS) + 1
    legend = validation.get_legend()
    assert [text.get_text() for text in legend.get_texts()] == ["baseline", "dropout=0.3"]
    assert legend.get_title().get_text() == "median of 5 seeds"


def test_curves_default_to_the_best_that_helps(trained):
    names = [t.get_text() for t in trained.plot(kind="curves").axes[1].get_legend().get_texts()]
    assert names == ["baseline", trained.best.name]
    assert trained.best.name == "dropout=0.5"
    nothing = study_result(dict.fromkeys(["early_stopping=5", "dropout=0.3", "dropout=0.5"], 0.3))
    names = [t.get_text() for t in nothing.plot(kind="curves").axes[1].get_legend().get_texts()]
    assert names == ["baseline"]


def test_curves_that_left_the_finite_numbers(trained):
    diverged = study_result({"dropout=0.5": math.nan})
    assert diverged.plot(kind="curves", variant="dropout=0.5")._repr_png_().startswith(b"\x89PNG")


def test_curves_that_exploded_are_cut_off_and_it_is_said():
    axes = study_result({"dropout=0.5": 200.0}).plot(kind="curves", variant="dropout=0.5").axes[0]
    assert axes.get_ylim()[1] < 2
    assert any(t.startswith("cut off here: values reach") for t in texts(axes))


def test_wrong_options(trained):
    with pytest.raises(ValueError, match=r"Did you mean 'dropout=0\.5'\? Received: 'dropout=0\.51'"):
        trained.plot(kind="curves", variant="dropout=0.51")
    with pytest.raises(ValueError, match="`kind` must be one of"):
        trained.plot(kind="forest")
    with pytest.raises(ValueError, match="use it with kind='curves'"):
        trained.plot(variant="dropout=0.5")
