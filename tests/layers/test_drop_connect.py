"""DropConnect: the mask on the kernel, seen through unit inputs."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train

from keras_regkit import strengths
from keras_regkit.layers import DropConnect

UNITS = np.eye(30, dtype="float32")  # of these, a Dense layer makes the rows of its kernel


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_weights_are_dropped_one_by_one(rate):
    layer = DropConnect(keras.layers.Dense(40, bias_initializer="ones"), rate, seed=1)
    layer(UNITS)
    kernel = numbers(layer.layer.kernel)
    used = drawn(layer, UNITS) - 1  # the bias stays
    dropped = np.abs(used) < 1e-6
    np.testing.assert_allclose(used[~dropped], kernel[~dropped] / (1 - rate), rtol=1e-4, atol=1e-6)
    assert close_to_share(dropped, rate)


def test_one_mask_serves_the_whole_batch():
    layer = DropConnect(keras.layers.Dense(40), 0.5, seed=1)
    y = drawn(layer, np.ones((3, 30), "float32"))
    assert (y == y[0]).all()
    assert (drawn(layer, np.ones((3, 30), "float32")) != y).any()


def test_inference_uses_the_kernel():
    layer = DropConnect(keras.layers.Dense(4), 0.9, seed=1)
    np.testing.assert_allclose(numbers(layer(UNITS)), numbers(layer.layer(UNITS)), rtol=1e-6)


@pytest.mark.parametrize("training", [False, True])
def test_rate_zero_changes_nothing(training):
    layer = DropConnect(keras.layers.Dense(4), 0.0)
    np.testing.assert_allclose(numbers(layer(UNITS, training=training)), numbers(layer.layer(UNITS)), rtol=1e-6)


def test_expected_value_is_kept():
    layer = DropConnect(keras.layers.Dense(1, kernel_initializer="ones"), 0.5, seed=2)
    y = [drawn(layer, np.ones((1, 50), "float32"))[0, 0] for _ in range(200)]
    # The standard error is √(50 / 200) = 0.5.
    assert np.mean(y) == pytest.approx(50, abs=2.2)


def test_schedule_moves_the_rate():
    layer = DropConnect(keras.layers.Dense(40, kernel_initializer="ones"), strengths.Linear(0.0, 0.6, steps=2), seed=1)
    for expected in (0.0, 0.3, 0.6):
        assert close_to_share(drawn(layer, UNITS) == 0, expected)


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_convolutions(jit_compile):
    model = keras.Sequential(
        [
            keras.Input((8, 2)),
            DropConnect(keras.layers.Conv1D(3, 3, activation="relu"), 0.3, seed=1),
            keras.layers.Flatten(),
            DropConnect(keras.layers.Dense(1), 0.1, seed=2),
        ]
    )
    x = np.random.default_rng(0).normal(size=(10, 8, 2)).astype("float32")
    losses = train(model, x, x[:, 0, :1], epochs=10, jit_compile=jit_compile)
    assert min(losses[5:]) < losses[0]


def test_dropped_weights_get_no_gradient():
    layer = DropConnect(keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"), 0.5, seed=1)
    model = keras.Sequential([keras.Input((30,)), layer])
    train(model, np.ones((4, 30), "float32"), np.zeros((4, 1), "float32"))
    moved = numbers(layer.layer.kernel) != 1
    assert 5 <= moved.sum() <= 25
    assert len(np.unique(numbers(layer.layer.kernel))) == 2


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="DropConnect needs a layer that computes with a weight named `kernel`"):
        DropConnect(keras.layers.LayerNormalization(), 0.5)(UNITS)
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        DropConnect(keras.layers.Dense(2), 1.0)
