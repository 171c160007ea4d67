"""The picture of a decision follows the steps."""

import dataclasses
import math

import pytest
from fake_decision import decision

from keras_regkit.studies import Step

pytest.importorskip("matplotlib")


def texts(axes):
    return [text.get_text() for text in axes.texts]


def markers(axes):
    return {
        (line.get_ydata()[0], line.get_marker()): line.get_xdata()[0]
        for line in axes.lines
        if len(line.get_xdata()) == 1 and line.get_marker() in ("o", "X")
    }


def test_path_from_the_template_to_the_winner():
    record = decision()
    figure = record.plot()
    path, test = figure.axes
    assert tuple(figure.get_size_inches()) == (8.0, 4.0)
    labels = [label.get_text() for label in path.get_yticklabels()]
    assert labels == ["the template", "+ early_stopping=5", "+ dropout=0.5", "+ l2=0.001"]
    start = record.result.baseline.mean
    first = start + record.steps[0].difference
    second = first + record.steps[1].difference
    third = second + record.steps[2].difference
    assert markers(path) == pytest.approx({(0, "o"): start, (1, "o"): first, (2, "o"): second, (3, "X"): third})
    assert [t for t in texts(path) if t in ("taken", "left out")] == ["taken", "taken", "left out"]
    # The line goes sideways only where a lever was taken.
    line = next(line for line in path.lines if line.get_linestyle() == ":")
    assert list(line.get_ydata()) == [0, 1, 1, 2, 2, 3]
    assert list(line.get_xdata()) == pytest.approx([start, start, first, first, second, second])
    assert [bar.get_height() for bar in test.patches] == [record.test.baseline, record.test.winner]
    assert test.get_xlabel() == "better\n-0.0925\n[-0.158, -0.0269]\n114 rows"


def test_nothing_helped():
    path, test = decision(helped=False).plot().axes
    assert any("No lever looked better on its own" in t for t in texts(path))
    assert len(test.patches) == 1
    assert test.get_xlabel() == "the template won\n114 rows"


def test_an_exploding_step_squashes_nothing():
    record = decision()
    wild = Step("early_stopping=5 + l1=1", "early_stopping=5", 200.0, 100.0, 300.0, 0.01, False)
    path = dataclasses.replace(record, steps=(record.steps[0], wild)).plot().axes[0]
    assert path.get_xlim()[1] < 1
    assert any(t.startswith("+200") for t in texts(path))


def test_what_is_not_finite_can_be_drawn():
    record, nan = decision(), math.nan
    lost = Step("early_stopping=5 + l1=1", "early_stopping=5", nan, nan, nan, 1.0, False)
    test = dataclasses.replace(
        record.test, winner=nan, difference=nan, low=nan, high=nan, verdict="no difference shown"
    )
    record = dataclasses.replace(record, steps=(record.steps[0], lost), test=test)
    figure = record.plot()
    assert "no finite value to compare" in texts(figure.axes[0])
    assert "not finite" in texts(figure.axes[1])
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_a_template_that_diverged_can_be_drawn():
    record = decision(helped=False)
    baseline = dataclasses.replace(record.result.baseline, mean=math.nan)
    result = dataclasses.replace(record.result, summaries=(baseline, *record.result.summaries[1:]))
    figure = dataclasses.replace(record, result=result).plot()
    assert "the template has no finite value" in texts(figure.axes[0])
    assert figure._repr_png_().startswith(b"\x89PNG")


def test_many_steps_get_more_height_and_size_is_kept():
    record = decision()
    long = dataclasses.replace(record, steps=record.steps * 4)
    assert long.plot().get_figheight() > 6
    assert tuple(long.plot(size=(6.0, 3.0)).get_size_inches()) == (6.0, 3.0)


def test_every_outcome_of_the_test_has_room():
    record = decision()
    for verdict in ("no difference shown", "worse"):
        test = dataclasses.replace(record.test, difference=-0.00257, low=-0.000641, high=0.00126, verdict=verdict)
        figure = dataclasses.replace(record, test=test).plot()
        canvas = pytest.importorskip("matplotlib.backends.backend_agg").FigureCanvasAgg(figure)
        canvas.draw()
        label = figure.axes[1].xaxis.label
        assert verdict in label.get_text()
        assert label.get_window_extent(canvas.get_renderer()).x1 <= figure.bbox.x1
