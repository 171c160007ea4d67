"""Adversarial weight perturbation against steps made by hand. What it shares with SAM is tested there."""

import keras
import numpy as np
from keras import layers, ops

from keras_regkit.strengths import WarmUp
from keras_regkit.training import AdversarialWeightPerturbation
from keras_regkit.training.adversarial_weight_perturbation import relative_ascent

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 4)).astype("float32")
Y = X @ RANDOM.normal(size=(4, 2)).astype("float32")
START = [RANDOM.normal(size=shape).astype("float32") for shape in ((4, 3), (3,), (3, 2), (2,))]


def linear():
    """Two linear layers."""
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Dense(2)])
    model.set_weights(START)
    model.compile(keras.optimizers.SGD(0.05), "mse")
    return model


def by_hand(weights, x, y, gamma, lr=0.05):
    def gradients(first, bias, second, shift):
        hidden = x @ first + bias
        error = 2 * (hidden @ second + shift - y) / y.size
        back = error @ second.T
        return [x.T @ back, back.sum(0), hidden.T @ error, error.sum(0)]

    moved = [w.copy() for w in weights]
    for index, gradient in enumerate(gradients(*weights)):
        if index % 2 == 0:  # kernels
            moved[index] += gamma * gradient * np.sqrt((weights[index] ** 2).sum() / (gradient**2).sum())
    return [w - lr * g for w, g in zip(weights, gradients(*moved), strict=True)]


def expect_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def test_formula():
    weights = [ops.convert_to_tensor([[3.0], [4.0]]), ops.convert_to_tensor([1.0])]
    kernel, bias = relative_ascent(weights, [ops.convert_to_tensor([[0.0], [-2.0]]), weights[1]], 0.1)
    expect_close([ops.convert_to_numpy(kernel)], [[[0.0], [-0.5]]])
    assert bias is None
    (still,) = relative_ascent(weights[:1], [ops.zeros((2, 1))], 0.1)
    expect_close([ops.convert_to_numpy(still)], [np.zeros((2, 1))])


def test_steps_agree_with_numpy():
    model, expected = linear(), [w.astype("float64") for w in START]
    AdversarialWeightPerturbation(model, gamma=0.2).fit(X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0)
    for rows in (slice(0, 8), slice(8, 16)) * 2:
        expected = by_hand(expected, X[rows], Y[rows], 0.2)
    expect_close(model.get_weights(), expected)


def test_warm_up_starts_as_plain_training():
    model, expected = linear(), [w.astype("float64") for w in START]
    gamma = WarmUp(0.4, steps=2)
    AdversarialWeightPerturbation(model, gamma=gamma).fit(X, Y, batch_size=16, epochs=2, shuffle=False, verbose=0)
    for value in (0.0, 0.2):
        expected = by_hand(expected, X, Y, value)
    expect_close(model.get_weights(), expected)
