"""ShakeDrop: the scale of the branch, forward and backward."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train
from keras import ops

from keras_regkit import strengths
from keras_regkit._core.backend import compile_inference, gradients_of
from keras_regkit.layers import ShakeDrop

ONES = np.ones((4000, 2, 3), "float32")


def scales(y):
    assert (y == y[:, :1, :1]).all()
    return y[:, 0, 0]


@pytest.mark.parametrize("rate", [0.2, 0.7])
def test_a_share_of_the_samples_is_disturbed(rate):
    scale = scales(drawn(ShakeDrop(rate, seed=1), ONES))
    disturbed = scale != 1
    assert close_to_share(disturbed, rate)
    alpha = scale[disturbed]
    assert alpha.min() >= -1
    assert alpha.max() <= 1
    # U(−1, 1) has mean 0 and variance 1/3.
    assert alpha.mean() == pytest.approx(0, abs=4.5 * np.sqrt(1 / 3 / alpha.size))
    assert alpha.var() == pytest.approx(1 / 3, abs=0.05)


def test_inference_is_the_expected_value():
    layer = ShakeDrop(0.3, seed=2)
    np.testing.assert_allclose(numbers(layer(ONES)), 0.7, rtol=1e-6)
    # The variance of a scale is at most 1: the standard error is below √(1 / 4000) = 0.016.
    assert scales(drawn(layer, ONES)).mean() == pytest.approx(0.7, abs=0.07)


def test_a_batch_is_disturbed_as_a_whole():
    layer = ShakeDrop(0.5, mode="batch", seed=1)
    draws = [drawn(layer, ONES[:3]) for _ in range(200)]
    assert all(np.ptp(one) == 0 for one in draws)
    assert close_to_share([one[0, 0, 0] != 1 for one in draws], 0.5)


@pytest.mark.parametrize("training", [False, True])
def test_rate_zero_changes_nothing(training):
    assert (numbers(ShakeDrop(0.0)(ONES, training=training)) == ONES).all()


def test_schedule_moves_the_rate_and_inference_follows():
    layer = ShakeDrop(strengths.Linear(0.0, 0.6, steps=2), seed=2)
    for expected in (0.0, 0.3, 0.6):
        np.testing.assert_allclose(numbers(layer(ONES)), 1 - expected, rtol=1e-5)
        assert close_to_share(scales(drawn(layer, ONES)) != 1, expected)


def test_backward_scale_is_another():
    # With x = 1 and weight 1 the output is the forward scale, and its gradient for the weight the backward one.
    model = keras.Sequential(
        [
            keras.Input((1,)),
            keras.layers.Dense(1, use_bias=False, kernel_initializer="ones"),
            ShakeDrop(0.5, seed=1),
        ]
    )
    x = np.ones((1, 1), "float32")

    def value(x):
        return ops.sum(model(x, training=True))

    forward, backward = compile_inference(model, value), gradients_of(model, value)
    draws = []
    for _ in range(80):
        draws.append((float(numbers(forward(x))), float(numbers(backward(x)[0])[0, 0])))
        model(x, training=True)  # moves the generator on
    alphas, betas = np.array([d for d in draws if d[0] != 1]).T
    assert all(beta == pytest.approx(1.0) for alpha, beta in draws if alpha == 1)
    assert 20 <= len(betas) <= 60
    assert betas.min() >= 0
    assert betas.max() <= 1
    assert betas.mean() == pytest.approx(0.5, abs=4.5 * np.sqrt(1 / 12 / len(betas)))
    assert alphas.min() < 0
    assert abs(np.corrcoef(alphas, betas)[0, 1]) < 0.7


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_in_a_residual_block(jit_compile):
    inputs = keras.Input((3,))
    branch = keras.layers.BatchNormalization()(keras.layers.Dense(3)(inputs))
    model = keras.Model(inputs, keras.layers.Dense(1)(inputs + ShakeDrop(0.5, seed=1)(branch)))
    x = np.random.default_rng(0).normal(size=(10, 3)).astype("float32")
    train(model, x, x[:, :1], jit_compile=jit_compile)


def test_time_distributed():
    layer = keras.layers.TimeDistributed(ShakeDrop(0.5, seed=1))
    x = np.ones((8, 3, 6), "float32")
    np.testing.assert_allclose(numbers(layer(x)), 0.5)
    assert not np.allclose(drawn(layer, x), 0.5)


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        ShakeDrop(1.0)
    with pytest.raises(ValueError, match="Did you mean 'sample'"):
        ShakeDrop(0.5, mode="samples")
