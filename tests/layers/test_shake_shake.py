"""ShakeShake: the shares of the branches in the forward and in the backward pass."""

import keras
import numpy as np
import pytest
from drawing import drawn, modes, numbers, train
from keras import ops

from keras_regkit._core.backend import compile_inference, gradients_of
from keras_regkit.layers import ShakeShake

A, B = np.random.default_rng(0).normal(size=(2, 2000, 2, 3)).astype("float32")


def shares(y, a=A, b=B):
    return (y - b) / (a - b)


def test_each_sample_has_a_share_of_its_own():
    alpha = shares(drawn(ShakeShake(seed=1), [A, B]))
    np.testing.assert_allclose(alpha, alpha[:, :1, :1] + np.zeros_like(alpha), atol=1e-2)
    alpha = np.median(alpha, axis=(1, 2))
    # U(0, 1) has mean 1/2 and variance 1/12; the standard error is √(1/12/2000) = 0.0065.
    assert alpha.mean() == pytest.approx(0.5, abs=0.03)
    assert alpha.var() == pytest.approx(1 / 12, abs=0.008)
    assert alpha.min() > -1e-3
    assert alpha.max() < 1 + 1e-3


def test_a_batch_shares_one_share():
    layer = ShakeShake(mode="batch", seed=1)
    ones, zeros = np.ones((5, 2), "float32"), np.zeros((5, 2), "float32")
    alphas = [drawn(layer, [ones, zeros]) for _ in range(5)]
    assert all(np.ptp(alpha) == 0 for alpha in alphas)
    assert len({float(alpha[0, 0]) for alpha in alphas}) == 5


def test_inference_takes_the_mean():
    np.testing.assert_allclose(numbers(ShakeShake()([A, B])), (A + B) / 2, rtol=1e-5, atol=1e-6)


def two_branches(layer):
    inputs = keras.Input((1,))
    branches = [keras.layers.Dense(1, use_bias=False, kernel_initializer=init) for init in ("ones", "zeros")]
    return keras.Model(inputs, layer([branch(inputs) for branch in branches]))


def test_backward_shares_are_others():
    # With x = 1 and weights (1, 0) the output is α, and its gradient for the weights is (β, 1 − β).
    model = two_branches(ShakeShake(seed=1))
    x = np.ones((1, 1), "float32")

    def value(x):
        return ops.sum(model(x, training=True))

    forward, backward = compile_inference(model, value), gradients_of(model, value)
    alphas, betas = [], []
    for _ in range(60):
        first, second = (float(numbers(g)[0, 0]) for g in backward(x))
        assert first + second == pytest.approx(1.0, abs=1e-5)
        betas.append(first)
        alphas.append(float(numbers(forward(x))))
        model(x, training=True)  # moves the generator on
    assert np.mean(betas) == pytest.approx(0.5, abs=0.17)  # 4.5 standard errors of √(1/12/60)
    assert min(betas) >= 0
    assert max(betas) <= 1
    assert abs(np.corrcoef(alphas, betas)[0, 1]) < 0.5


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_with_a_short_last_batch(jit_compile):
    x = np.random.default_rng(0).normal(size=(10, 1)).astype("float32")
    losses = train(two_branches(ShakeShake(seed=1)), x, 0.5 * x, epochs=2, jit_compile=jit_compile)
    assert losses[1] < 1


def test_masks_are_joined():
    layer = ShakeShake()
    a, b = np.array([[True, False, True]]), np.array([[True, True, False]])
    assert numbers(layer.compute_mask(None, [a, b])).tolist() == [[1, 0, 0]]
    assert layer.compute_mask(None, [None, b]) is b
    assert layer.compute_mask(None, [None, None]) is None


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (A, "needs a list of two tensors"),
        ([A, B, A], "needs a list of two tensors"),
        ([A, B[:, :1]], r"that make the same shape.*\(2000, 2, 3\) and \(2000, 1, 3\)"),
    ],
)
def test_bad_branches(inputs, message):
    with pytest.raises(ValueError, match=message):
        ShakeShake()(inputs)


def test_bad_mode():
    with pytest.raises(ValueError, match="Did you mean 'batch'"):
        ShakeShake(mode="batches")
