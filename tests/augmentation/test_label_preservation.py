"""How often predictions change, against counting by hand."""

import keras
import numpy as np
import pytest
import scipy.stats

from keras_regkit.augmentation import label_preservation
from keras_regkit.augmentation.image import RandomContrast, RandomFlip
from keras_regkit.augmentation.mixing import MixUp
from keras_regkit.augmentation.preservation_result import effective_size, wilson_interval

IMAGES = np.random.default_rng(0).uniform(0, 1, (30, 4, 4, 1)).astype("float32")


class AddTo(keras.layers.Layer):
    """Adds a number to every second image of a batch in training."""

    def __init__(self, amount):
        super().__init__()
        self.amount = amount

    def call(self, x, training=False):
        sign = keras.ops.reshape(keras.ops.cast(keras.ops.arange(x.shape[0]) % 2, x.dtype), (-1, 1, 1, 1))
        return x + sign * self.amount if training else x


def thresholds(units=1, activation=None, bias=0.0):
    """Outputs that are the mean of the image, times ±1, with an offset."""
    dense = keras.layers.Dense(units, activation=activation)
    model = keras.Sequential([keras.Input((4, 4, 1)), keras.layers.GlobalAveragePooling2D(), dense])
    signs = np.array([[1.0, -1.0, 0.5][:units]])
    dense.set_weights([signs, np.full(units, bias)])
    return model


@pytest.mark.parametrize(
    ("model", "flips"),
    [
        (thresholds(1, bias=-0.5), lambda mean: mean > 0.5),
        (thresholds(1, "sigmoid", bias=-0.5), lambda mean: mean > 0.5),
        (thresholds(2), lambda mean: mean < 0),
        (thresholds(3, "softmax"), lambda mean: mean < 0),
        (thresholds(2, "sigmoid", bias=-0.5), lambda mean: (mean > 0.5, mean < -0.5)),
    ],
    ids=["logit", "sigmoid", "two classes", "softmax", "decisions"],
)
def test_changes_are_those_counted_by_hand(model, flips):
    result = label_preservation(model, IMAGES, AddTo, strengths=[0.0, -2.0], repeats=2, batch_size=8, verbose=0)
    means = IMAGES.mean((1, 2, 3))
    # Batches of 8 begin at even rows.
    moved = means - 2.0 * (np.arange(30) % 2)
    before, after = np.atleast_2d(flips(means)), np.atleast_2d(flips(moved))
    expected = 2 * int((before != after).any(0).sum())
    assert [(row.strength, row.changed, row.total) for row in result.rows] == [(0.0, 0, 60), (-2.0, expected, 60)]
    assert expected > 0
    assert result.rows[1].share == pytest.approx(expected / 60)
    assert result.rows[1].low < result.rows[1].share < result.rows[1].high
    assert result.rows[0].low == 0 < result.rows[0].high


def test_kinds_of_data_and_of_layers():
    model = thresholds(1, bias=-0.5)
    layers = {"flip": RandomFlip(seed=1), "brighter": AddTo(5.0)}
    of_arrays = label_preservation(model, (IMAGES, np.zeros(30)), layers, repeats=1, batch_size=10, verbose=0)
    batches = [(IMAGES[k : k + 10], np.zeros(10)) for k in (0, 10, 20)]
    of_batches = label_preservation(model, batches, layers, repeats=1, verbose=0)
    assert [row.name for row in of_arrays.rows] == ["flip", "brighter"]
    assert [row.changed for row in of_arrays.rows] == [row.changed for row in of_batches.rows]
    assert of_arrays.rows[0].changed == 0  # the mean does not know left from right
    assert of_arrays.rows[1].changed == int((IMAGES[1::2].mean((1, 2, 3)) <= 0.5).sum())
    named = label_preservation(model, IMAGES, RandomContrast(0.5, value_range=(0, 1)), repeats=1, verbose=0)
    assert named.rows[0].name == "RandomContrast"


def test_the_record_tells():
    result = label_preservation(thresholds(1, bias=-0.5), IMAGES, {"<add>": AddTo}, strengths=[2], repeats=1, verbose=0)
    text = str(result)
    assert text.splitlines()[0].split("  ")[0] == "op"
    row = result.rows[0]
    assert f"{row.changed} of 30" in text
    assert "&lt;add&gt;" in result._repr_html_()
    assert result.to_dict()["rows"][0]["high"] == row.high
    assert result.to_dict()["repeats"] == 1


def test_wilson_interval():
    for changed, total in ((0, 10), (3, 40), (9, 9)):
        ours = wilson_interval(changed / total, total, 0.9)
        theirs = scipy.stats.binomtest(changed, total).proportion_ci(0.9, "wilson")
        assert ours == pytest.approx((theirs.low, theirs.high), abs=1e-9)


def test_versions_of_an_image_count_for_as_much_as_they_tell():
    random = np.random.default_rng(0)
    apart = random.binomial(10, 0.3, 2000) / 10
    assert effective_size(apart, 10) == pytest.approx(20_000, rel=0.1)
    assert effective_size((random.random(2000) < 0.3).astype(float), 10) == pytest.approx(2000, rel=0.01)
    assert effective_size(np.zeros(50), 10) == 50
    assert effective_size(np.ones(1), 3) == 1


@pytest.mark.parametrize(
    ("layer", "options", "error", "message"),
    [
        (RandomFlip, {}, TypeError, "`layer` must be a layer"),
        (RandomFlip(), {"strengths": [0.1]}, TypeError, "such as the class RandomFlip"),
        (MixUp(), {}, TypeError, "mixes them on purpose"),
        (MixUp, {"strengths": [0.1]}, TypeError, "mixes them on purpose"),
        (RandomContrast, {"strengths": []}, ValueError, "at least one strength"),
        (RandomFlip(), {"repeats": 0}, ValueError, "`repeats` must be in"),
        (RandomFlip(), {"verbose": 3}, ValueError, "`verbose` must be one of"),
    ],
)
def test_bad_input(layer, options, error, message):
    with pytest.raises(error, match=message):
        label_preservation(thresholds(), IMAGES, layer, **{"verbose": 0, **options})


def test_models_that_do_not_decide():
    with pytest.raises(ValueError, match="must be a built"):
        label_preservation(keras.Sequential([keras.layers.Dense(1)]), IMAGES, RandomFlip(), verbose=0)
    inputs = keras.Input((4, 4, 1))
    several = keras.Model(inputs, [inputs, inputs])
    with pytest.raises(ValueError, match="must have one output"):
        label_preservation(several, IMAGES, RandomFlip(), verbose=0)
