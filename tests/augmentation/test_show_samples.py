"""`show` draws what is no image, too."""

import numpy as np
import pytest

from keras_regkit.augmentation import show, time_series
from keras_regkit.augmentation._sample_layer import SampleAugmentation

pytest.importorskip("matplotlib")

SERIES = np.random.default_rng(0).normal(size=(5, 20, 2)).astype("float32")


class Doubled(SampleAugmentation):
    """Doubles what it gets, of any kind."""

    def __init__(self, key, ranks, **kwargs):
        super().__init__(**kwargs)
        self.key, self.ranks = key, ranks

    def transform(self, x, numbers, mask, ops):
        return 2 * x


def words(axes):
    return [text.get_text() for text in axes.texts]


def colours(axes):
    return [text.get_color() for text in axes.texts]


def test_series_are_lines_on_one_scale():
    figure = show(Doubled("series", (2,)), SERIES, labels=[0, 1, 0, 1, 0], rows=2, versions=1, class_names=["a", "b"])
    before, after = figure.axes[2:]
    assert [axes.get_title() for axes in figure.axes] == ["before\na", "after, 1\na", "b", "b"]
    assert len(before.lines) == len(after.lines) == 2
    for feature in range(2):
        np.testing.assert_array_equal(before.lines[feature].get_ydata(), SERIES[1, :, feature])
        np.testing.assert_array_equal(after.lines[feature].get_ydata(), 2 * SERIES[1, :, feature])
    assert before.get_ylim() == after.get_ylim()
    assert after.get_ylim()[1] >= 2 * SERIES[1].max()
    assert figure._repr_png_()


def test_padding_stays_and_a_single_series_is_one_row():
    figure = show(time_series.Jitter(1.0, seed=0), {"series": SERIES[0], "lengths": np.array(5)}, versions=2)
    assert len(figure.axes) == 3
    before, after, _ = (axes.lines[0].get_ydata() for axes in figure.axes)
    np.testing.assert_array_equal(before[5:], after[5:])
    assert (before[:5] != after[:5]).all()


def test_waveforms_and_spectrograms():
    waves = show(Doubled("audio", (1, 2)), SERIES[..., 0], rows=1, versions=1)
    np.testing.assert_array_equal(waves.axes[1].lines[0].get_ydata(), 2 * SERIES[0, :, 0])
    for spectrograms in (SERIES, SERIES[..., None]):
        figure = show(Doubled("spectrograms", (2, 3)), spectrograms, rows=1, versions=1)
        images = [axes.images[0] for axes in figure.axes]
        np.testing.assert_array_equal(images[0].get_array(), SERIES[0].T)
        np.testing.assert_array_equal(images[1].get_array(), 2 * SERIES[0].T)
        assert (
            images[0].get_clim()
            == images[1].get_clim()
            == (min(SERIES[0].min(), 2 * SERIES[0].min()), 2 * SERIES[0].max())
        )


def test_ids_and_rows_are_written_and_changes_stand_out():
    ids = np.array([[0, 3, 0, 12]], "int32")
    figure = show(Doubled("token_ids", (1,)), ids, versions=1)
    before, after = figure.axes
    assert (words(before), words(after)) == (["0", "3", "0", "12"], ["0", "6", "0", "24"])
    assert len(set(colours(before))) == 1
    assert [colour != colours(before)[0] for colour in colours(after)] == [False, True, False, True]
    rows = show(Doubled("rows", (1,)), np.array([[0.5, 1e-6]], "float32"), versions=1)
    assert words(rows.axes[1]) == ["1", "2e-06"]
    long = show(Doubled("token_ids", (1,)), np.ones((1, 100), "int32"), versions=1)
    assert words(long.axes[0]) == ["1"] * 40 + ["…"]


def test_texts():
    texts = ["one two $three$ four", "fünf 🙂"]

    def swap(texts, training):
        return [" ".join(reversed(text.split())) if text == texts[1] else text.replace("two", "2") for text in texts]

    for given in (texts, np.array(texts), np.array(texts, object)):
        before, after, *_, last = show(swap, given, versions=1).axes
        assert words(before) == ["one", "two", "$three$", "four"]
        assert words(after) == ["one", "2", "$three$", "four"]
        assert [colour != colours(before)[0] for colour in colours(after)] == [False, True, False, False]
        assert words(last) == ["🙂", "fünf"]
    assert len(show(lambda texts, training: texts, "one text", versions=1).axes) == 2
    assert words(show(lambda texts, training: texts, [""], versions=1).axes[1]) == []


def test_bad_input():
    with pytest.raises(ValueError, match=r"a dict with 'series'.*\['x'\]"):
        show(time_series.Jitter(), {"x": SERIES})
    with pytest.raises(ValueError, match=r"takes series of shape .*\(1, 5, 20, 2, 1\)"):
        show(Doubled("series", (2,)), SERIES[None, ..., None])
    with pytest.raises(ValueError, match="Only layers of keras_regkit"):
        show(lambda x, training: x, SERIES[:, :, 0])
