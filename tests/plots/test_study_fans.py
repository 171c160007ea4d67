"""The fans show the curves of each variant over its seeds, and where they end."""

import dataclasses
import math

import numpy as np
import pytest
from fake_decision import SEEDS, study_result

from keras_regkit.plots import _figure as fig
from keras_regkit.plots import draw

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def trained():
    return study_result(more=["early_stopping=5 + dropout=0.5"])


def titles(figure):
    return [axes.get_title() for axes in figure.axes if axes.get_visible()]


def line(axes, label):
    return next(line for line in axes.lines if line.get_label() == label)


def texts(axes):
    return [text.get_text() for text in axes.texts]


def test_a_panel_for_each_variant_with_trials(trained):
    names = list(dict.fromkeys(trial.variant for trial in trained.trials))
    assert titles(draw(trained, kind="curves")) == [*names[:-1], "early_stopping=5\n+ dropout=0.5"]
    assert titles(trained.plot(kind="curves", variants="dropout=0.3")) == ["dropout=0.3"]
    assert titles(trained.plot(kind="curves", variants=["dropout=0.3", "baseline"])) == ["dropout=0.3", "baseline"]


def test_the_median_goes_as_far_as_half_of_the_seeds(trained):
    axes = trained.plot(kind="curves", variants="dropout=0.3").axes[0]
    for label, curve in (("train, median", "data_loss"), ("validation, median", "val_data_loss")):
        runs = [t.curves[curve] for t in trained.trials if t.variant == "dropout=0.3"]
        drawn = line(axes, label).get_ydata()
        # Runs of 50 to 54 epochs: at least half of the five reach epoch 51.
        shown = min(len(run) for run in runs)
        np.testing.assert_allclose(drawn[:shown], np.median([run[:shown] for run in runs], axis=0))
        np.testing.assert_allclose(drawn[51], np.median([run[51] for run in runs if len(run) > 51]))
        assert np.isnan(drawn[52:]).all()
    thin = [line for line in axes.lines if line.get_linewidth() == 0.7]
    # Two seeds went on beyond the median, in both curves.
    assert len(thin) == 4
    assert [int(np.flatnonzero(np.isfinite(line.get_ydata()))[0]) for line in thin] == [51] * 4


def test_the_band_reaches_from_the_lowest_to_the_highest(trained):
    axes = trained.plot(kind="curves", variants="l2=0.01").axes[0]
    runs = np.array([t.curves["val_data_loss"][:50] for t in trained.trials if t.variant == "l2=0.01"])
    bands = [c.get_paths()[0].vertices for c in axes.collections if c.get_facecolor()[0][0] > 0.5]
    assert len(bands) == 2
    for vertices, quantiles in zip(bands, ([0, 1], [0.25, 0.75]), strict=True):
        at = vertices[vertices[:, 0] == 20][:, 1]
        np.testing.assert_allclose([at.min(), at.max()], np.quantile(runs[:, 20], quantiles))


def test_few_seeds_have_no_middle_half(trained):
    few = dataclasses.replace(trained, trials=tuple(t for t in trained.trials if t.seed < 3))
    assert len(few.plot(kind="curves", variants="l2=0.01").axes[0].collections) == 2


def test_the_baseline_is_drawn_into_the_others(trained):
    baseline, other = trained.plot(kind="curves", variants=["baseline", "l2=0.01"]).axes
    reference = line(other, "the baseline's validation").get_ydata()
    np.testing.assert_allclose(reference, line(baseline, "validation, median").get_ydata())
    assert not [line for line in baseline.lines if line.get_label() == "the baseline's validation"]


def test_where_training_stopped_is_marked(trained):
    baseline, stopped = trained.plot(kind="curves", variants=["baseline", "early_stopping=5"]).axes
    ends = {(line.get_xdata()[0], line.get_ydata()[0]) for line in stopped.lines if line.get_label() == "stopped"}
    trials = [t for t in trained.trials if t.variant == "early_stopping=5"]
    assert ends == {(t.epochs - 1, t.curves["val_data_loss"][-1]) for t in trials}
    # The one that trained longest did not stop.
    assert len([line for line in baseline.lines if line.get_label() == "stopped"]) == len(SEEDS) - 1


def test_what_diverged_is_marked_and_counted():
    record = study_result({"dropout=0.5": math.nan})
    axes = record.plot(kind="curves", variants=["dropout=0.5", "baseline"]).axes[0]
    lost = [line for line in axes.lines if line.get_label() == "diverged"]
    assert [line.get_xdata()[0] for line in lost] == [4] * len(SEEDS)
    assert "5 of 5 diverged" in texts(axes)


def test_nothing_finite_is_a_picture_all_the_same():
    record = study_result(levers={"l2": [1e-2]})
    nan = [math.nan] * 3
    trials = tuple(
        dataclasses.replace(t, curves={"data_loss": nan, "val_data_loss": nan}, epochs=3) for t in record.trials
    )
    figure = dataclasses.replace(record, trials=trials).plot(kind="curves")
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_what_exploded_is_cut_off_and_it_is_said():
    figure = study_result({"dropout=0.5": 200.0}).plot(kind="curves", variants=["baseline", "dropout=0.5"])
    baseline, exploded = figure.axes
    assert baseline.get_ylim()[1] < 2
    assert any(t.startswith("cut off: reaches 1") for t in texts(exploded))
    assert texts(baseline) == []


def test_the_first_fall_does_not_set_the_scale(trained):
    axes = trained.plot(kind="curves", variants="baseline").axes[0]
    first = np.nanmax(line(axes, "validation, median").get_ydata())
    assert axes.get_ylim()[1] < 0.7 * first


def test_of_many_variants_the_best_are_drawn():
    rates = [round(0.05 * k, 2) for k in range(1, 17)]
    levels = {f"dropout={rate:g}": 0.1 + rate for rate in rates}
    record = study_result(levels | {"dropout=0.05": math.nan}, levers={"dropout": rates})
    figure = record.plot(kind="curves")
    assert titles(figure) == ["baseline", *(f"dropout={rate:g}" for rate in rates[1:12])]
    assert "the best 11 of 16" in figure.get_suptitle()


def test_short_runs_have_points(trained):
    trials = tuple(
        dataclasses.replace(t, curves={k: c[:2] for k, c in t.curves.items()}, epochs=2) for t in trained.trials
    )
    axes = dataclasses.replace(trained, trials=trials).plot(kind="curves", variants="baseline").axes[0]
    assert line(axes, "train, median").get_marker() == "o"
    assert line(axes, "train, median").get_color() == fig.BLUE


def test_names_are_not_read_as_formulas(trained):
    name = "my$lever_{=0.5 $"
    trials = tuple(dataclasses.replace(t, variant=name) if t.variant == "l2=0.01" else t for t in trained.trials)
    figure = dataclasses.replace(trained, trials=trials).plot(kind="curves", variants=name)
    assert figure._repr_png_().startswith(b"\x89PNG")
