"""Dropout: the mask's numbers, and a rate that moves."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train, works_time_distributed

from keras_regkit import strengths
from keras_regkit.layers import Dropout

ONES = np.ones((50, 40), "float32")


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
def test_survivors_are_divided_by_one_minus_rate(rate):
    y = drawn(Dropout(rate, seed=3), ONES)
    kept = y[y != 0]
    np.testing.assert_allclose(kept, 1 / (1 - rate), rtol=1e-6)
    assert close_to_share(y == 0, rate)


def test_expected_value_is_kept():
    layer, x = Dropout(0.4, seed=1), np.array([[1.0, -2.0, 5.0]], "float32")
    mean = drawn(layer, np.repeat(x, 20_000, axis=0)).mean(axis=0)
    # The standard error is |x| √(0.4 / 0.6 / 20 000) = 0.006 |x|.
    np.testing.assert_allclose(mean, x[0], rtol=0.026)


def test_units_are_dropped_apart():
    y = drawn(Dropout(0.5, seed=5), np.ones((4000, 2), "float32")) != 0
    assert close_to_share(y[:, 0] & y[:, 1], 0.25)


def test_noise_shape_shares_the_mask():
    y = drawn(Dropout(0.5, noise_shape=(None, 1, None), seed=1), np.ones((8, 5, 40), "float32"))
    assert (y == y[:, :1]).all()
    assert len(np.unique(y[:, 0], axis=0)) == 8
    with pytest.raises(ValueError, match=r"`noise_shape` must have an entry for each of the 2 axes.*\(None, 1, None\)"):
        Dropout(0.5, noise_shape=(None, 1, None))(ONES)


def test_noise_shape_is_checked():
    with pytest.raises(TypeError, match=r"`noise_shape` must be a tuple with an entry per axis.*Received: 3"):
        Dropout(0.5, noise_shape=3)
    layer = Dropout(0.5, noise_shape=(None, 5, None))
    with pytest.raises(ValueError, match=r"None, 1 or the size.*\(2, 3, 4\).*\(None, 5, None\)"):
        layer(np.ones((2, 3, 4)))
    layer.build((None, None, 4))  # 5 steps may yet come
    assert drawn(layer, np.ones((2, 5, 4), "float32")).shape == (2, 5, 4)


@pytest.mark.parametrize("training", [False, True])
def test_rate_zero_changes_nothing(training):
    assert (numbers(Dropout(0.0)(ONES, training=training)) == ONES).all()


def test_schedule_moves_the_rate_in_training_only():
    layer = Dropout(strengths.Linear(0.0, 0.8, steps=4), seed=2)
    for expected in (0.0, 0.2, 0.4, 0.6, 0.8, 0.8):
        layer(ONES, training=False)
        assert close_to_share(drawn(layer, ONES) == 0, expected)


@pytest.mark.parametrize("jit_compile", modes())
def test_a_compiled_step_follows_the_rate(jit_compile):
    # The rate of keras.layers.Dropout is a constant of the step that was compiled first.
    layer = Dropout(0.5, seed=1)
    unmoved = keras.layers.Dense(40, kernel_initializer="identity")  # fit wants weights
    model = keras.Sequential([keras.Input((40,)), unmoved, layer])
    (first,) = train(model, ONES, ONES, jit_compile=jit_compile, optimizer=keras.optimizers.SGD(0.0))
    layer._rate.set(0.0)
    (second,) = model.fit(ONES, ONES, batch_size=4, verbose=0).history["loss"]
    assert first == pytest.approx(1.0, abs=0.2)
    assert second == pytest.approx(0.0, abs=1e-6)


def test_a_frozen_layer_drops():
    layer = Dropout(0.5, seed=1)
    layer.trainable = False
    assert (drawn(layer, ONES) == 0).any()


def test_time_distributed():
    assert works_time_distributed(Dropout(0.5, seed=1), np.ones((4, 3, 6), "float32"))


@pytest.mark.parametrize(
    ("rate", "error", "message"),
    [
        (1.0, ValueError, r"`rate` must be in \[0, 1\)\. Received: 1\.0"),
        (-0.1, ValueError, r"`rate` must be in \[0, 1\)\. Received: -0\.1"),
        (float("nan"), ValueError, "Received: nan"),
        (True, TypeError, "`rate` must be a number"),
        ("half", TypeError, "`rate` must be a number"),
        (strengths.Linear(0.5, 1.0, steps=10), ValueError, "at step 10 of Linear"),
    ],
)
def test_bad_rates(rate, error, message):
    with pytest.raises(error, match=message):
        Dropout(rate)
