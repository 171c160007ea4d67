"""The scatter of gap and metric shows each trial, and each variant's mean with its name."""

import dataclasses
import math

import numpy as np
import pytest
from fake_decision import SEEDS, study_result

from keras_regkit.plots._gap import spread

pytest.importorskip("matplotlib")


@pytest.fixture(scope="module")
def trained():
    return study_result()


def spots(axes, size):
    drawn = [line for line in axes.lines if line.get_markersize() == size]
    return [
        tuple(map(float, point)) for line in drawn for point in zip(line.get_xdata(), line.get_ydata(), strict=True)
    ]


def names(axes):
    return [text.get_text() for text in axes.texts]


def test_a_dot_for_each_trial_and_a_larger_one_for_each_mean(trained):
    axes = trained.plot(kind="gap").axes[0]
    trials = [t for t in trained.trials if t.variant in {s.name for s in trained.summaries}]
    assert len(trials) == len(SEEDS) * len(trained.summaries)
    expected = sorted((t.metrics["gap"], t.metrics["val_data_loss"]) for t in trials)
    np.testing.assert_allclose(sorted(spots(axes, 4)), expected)
    np.testing.assert_allclose(sorted(spots(axes, 9)), sorted((s.gap, s.mean) for s in trained.summaries))
    assert names(axes) == [s.name for s in trained.summaries]
    assert axes.get_ylabel() == "val_data_loss (lower is better)"


def test_a_name_leads_to_its_mean(trained):
    axes = trained.plot(kind="gap").axes[0]
    for summary, note in zip(trained.summaries, axes.texts, strict=True):
        assert note.xy == pytest.approx((summary.gap, summary.mean))
        assert note.arrow_patch is not None


def test_what_cannot_be_placed_is_said():
    record = study_result({"l2=0.01": math.nan, "dropout=0.3": 200.0})
    axes = record.plot(kind="gap").axes[0]
    assert axes.get_ylim()[1] < 2
    assert "l2=0.01: no finite value" in names(axes)
    outside = record["dropout=0.3"]
    assert f"dropout=0.3: {outside.mean:.3g} at gap {outside.gap:.3g}, outside" in names(axes)


@pytest.mark.parametrize("level", [math.nan, 0.24])
def test_there_is_always_a_picture(level):
    record = study_result({"l2=0.01": level}, levers={"l2": [1e-2]})
    if math.isnan(level):
        lost = dataclasses.replace(record.baseline, mean=level, gap=level, diverged=5)
        record = dataclasses.replace(record, summaries=(lost, *record.summaries[1:]), trials=())
    assert record.plot(kind="gap")._repr_png_().startswith(b"\x89PNG")


def test_height_grows_with_the_names_and_size_is_kept(trained):
    many = study_result(levers={"dropout": [round(0.02 * k, 2) for k in range(1, 31)]})
    assert many.plot(kind="gap").get_figheight() > trained.plot(kind="gap").get_figheight() + 1
    assert tuple(trained.plot(kind="gap", size=(5.0, 4.0)).get_size_inches()) == (5.0, 4.0)


@pytest.mark.parametrize("seed", range(5))
def test_places_are_apart_within_the_axes_and_in_order(seed):
    rng = np.random.default_rng(seed)
    heights, room = rng.choice([0.0, 0.3, 0.31, 1.0], 12), rng.uniform(0.01, 0.08, 12)
    places = np.array(spread(heights, room))
    order = np.argsort(heights, kind="stable")
    apart = (room[order][1:] + room[order][:-1]) / 2
    assert (np.diff(places[order]) >= apart - 1e-5).all()
    assert (places - room / 2 >= -1e-5).all()
    assert (places + room / 2 <= 1 + 1e-5).all()


def test_places_with_room_are_kept():
    assert spread([0.9, 0.1, 0.5], [0.1, 0.1, 0.1]) == [0.9, 0.1, 0.5]
