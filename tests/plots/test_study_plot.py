"""The picture of a study shows what the record holds, whatever it holds."""

import dataclasses
import math

import pytest
from fake_decision import SEEDS, study_result

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


@pytest.mark.parametrize(("direction", "text"), [("min", "◄ better"), ("max", "better ►")])
def test_the_direction_is_stated_and_its_side_shaded(direction, text):
    axes = result(summary("a", -0.1), summary("b", 0.1), direction=direction).plot().axes[0]
    arrow = next(t for t in axes.texts if t.get_text() == text)
    assert arrow.xy[0] == 0
    assert arrow.get_ha() == ("right" if direction == "min" else "left")
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


@pytest.mark.parametrize("direction", ["min", "max"])
def test_the_better_side_has_room_for_its_arrow(direction):
    sign = 1 if direction == "min" else -1
    low, high = result(summary("a", 0.1 * sign, verdict="hurts"), direction=direction).plot().axes[0].get_xlim()
    share = (-low if direction == "min" else high) / (high - low)
    assert 0.2 < share < 0.3


def test_what_is_too_little_to_matter_is_shaded():
    record = result(summary("a", -0.02), summary("b", 0.03))
    plain, shaded = record.plot().axes[0], record.plot(rope=0.2).axes[0]
    assert len(shaded.patches) == len(plain.patches) + 1
    box = shaded.patches[-1].get_extents().transformed(shaded.transData.inverted())
    assert sorted([box.x0, box.x1]) == pytest.approx([-0.2, 0.2])
    assert shaded.get_xlim()[0] < -0.2
    assert shaded.get_xlim()[1] > 0.2
    assert any("±0.2" in text for text in texts(shaded))


@pytest.fixture(scope="module")
def trained():
    return study_result()


def dots(axes, row):
    """Where the small dots of single seeds lie below a row, and their markers."""
    found = [line for line in axes.lines if line.get_markersize() == 4 and row < line.get_ydata()[0] < row + 0.5]
    return [(float(line.get_xdata()[0]), line.get_marker()) for line in found]


def test_a_dot_for_each_seed_is_its_paired_difference(trained):
    axes = trained.plot().axes[0]
    values = {(t.variant, t.seed): t.metrics["val_data_loss"] for t in trained.trials}
    for row, name in enumerate(s.name for s in trained.summaries[1:]):
        expected = [values[name, seed] - values["baseline", seed] for seed in SEEDS]
        assert dots(axes, row) == [(pytest.approx(x), "o") for x in expected]
    assert any("one seed each" in text for text in texts(axes))


def test_a_dot_beyond_the_axis_is_an_arrow_at_its_edge():
    axes = study_result({"dropout=0.3": 200.0, "l2=0.01": math.nan}).plot().axes[0]
    low, high = axes.get_xlim()
    assert (low, high) != (0, 1)
    assert dots(axes, 3) == [(high, ">")] * len(SEEDS)
    assert dots(axes, 2) == []


def test_long_names_are_broken_and_get_higher_rows():
    name = " + ".join(["weight_decay=0.001", "label_smoothing=0.1", "spatial_dropout=0.5", "x" * 60])
    short, long = result(summary("a")).plot(), result(summary(name)).plot()
    label = long.axes[0].get_yticklabels()[0].get_text()
    assert max(map(len, label.splitlines())) <= 28
    assert label.replace("\n", "").replace(" ", "") == name.replace(" ", "")
    assert long.get_figheight() > short.get_figheight() + 0.4


def test_a_verdict_without_a_mark_of_its_own_can_be_drawn():
    assert result(summary("a", verdict="equivalent")).plot()._repr_png_().startswith(b"\x89PNG")


def test_wrong_options(trained):
    with pytest.raises(ValueError, match=r"Did you mean 'dropout=0\.5'\? Received: 'dropout=0\.51'"):
        trained.plot(kind="curves", variants="dropout=0.51")
    with pytest.raises(ValueError, match="`kind` must be one of"):
        trained.plot(kind="trees")
    with pytest.raises(ValueError, match="use it with kind='curves'"):
        trained.plot(variants="dropout=0.5")
    with pytest.raises(ValueError, match="use it with kind='forest'"):
        trained.plot(kind="gap", rope=0.01)
    with pytest.raises(ValueError, match="`rope` must be"):
        trained.plot(rope=-0.01)
    with pytest.raises(ValueError, match="at least one"):
        trained.plot(kind="curves", variants=[])
    with pytest.raises(ValueError, match="no trials with curves"):
        result(summary("a")).plot(kind="curves")


def overlaps(figure, artists):
    """Pairs of texts that lie on each other."""
    Text, renderer = pytest.importorskip("matplotlib.text").Text, draw_all(figure)
    # As plain texts: the line that leads from a name to its mean may cross others.
    boxes = [(a.get_text(), Text.get_window_extent(a, renderer)) for a in artists if a.get_text()]
    return [(a, b) for i, (a, x) in enumerate(boxes) for b, y in boxes[:i] if x.overlaps(y)]


def draw_all(figure):
    canvas = pytest.importorskip("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
    canvas.draw()
    return canvas.get_renderer()


MANY = {
    "l2": [1e-4, 1e-3, 1e-2, 3e-2, 0.1],
    "dropout": [0.1, 0.2, 0.3, 0.4, 0.5],
    "weight_decay": [1e-4, 1e-3, 1e-2, 0.1],
    "label_smoothing": [0.05, 0.1, 0.2],
}


@pytest.fixture(scope="module")
def crowded():
    return study_result({"weight_decay=0.1": math.nan, "weight_decay=0.01": 9.0}, levers=MANY)


@pytest.mark.parametrize("kind", ["forest", "gap"])
@pytest.mark.parametrize("which", ["trained", "crowded"])
def test_no_text_lies_on_another(request, kind, which):
    record = request.getfixturevalue(which)
    figure = record.plot(kind=kind)
    axes = figure.axes[0]
    written = [*axes.texts, axes.title, *(axes.get_yticklabels() if kind == "forest" else [])]
    assert len(written) > len(record.summaries)
    assert overlaps(figure, written) == []


def test_nothing_is_cut_off_at_the_sides(crowded):
    for options in ({"rope": 0.01}, {"kind": "curves"}, {"kind": "curves", "variants": "l2=0.1"}, {"kind": "gap"}):
        figure = crowded.plot(**options)
        box = figure.get_tightbbox(draw_all(figure))
        width, height = figure.get_size_inches()
        assert box.x0 > -0.05
        assert box.y0 > -0.05
        assert box.x1 < width + 0.05
        assert box.y1 < height + 0.05
