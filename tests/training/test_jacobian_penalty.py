"""The Jacobian penalty against the Frobenius norm of models whose Jacobian is known."""

import keras
import numpy as np
import pytest
from extra_passes import X, Y, array, fit, linear, number, softmax

from keras_regkit.training import JacobianPenalty
from keras_regkit.training._inputs import unit_directions, unit_vectors


def estimates(model, x, y, projections, steps=1):
    """Returns the penalties of `steps` training steps, without the loss."""
    wrapper = JacobianPenalty(model, 2.0, projections, seed=0)
    found = []
    for _ in range(steps):
        outputs = wrapper(x, training=True)
        loss = wrapper.compute_loss(x, y, outputs, training=True)
        found.append(number(loss) - number(wrapper.data_loss(y, outputs)))
    return np.array(found)


def test_one_output_is_exact():
    model = linear(1, "mse")
    assert estimates(model, X, X[:, :1], 1)[0] == pytest.approx(np.sum(model.get_weights()[0] ** 2), rel=1e-4)


def test_the_expectation_is_the_norm():
    model = linear(5, "mse")
    exact = np.sum(model.get_weights()[0] ** 2)
    found = estimates(model, np.tile(X, (64, 1)), np.zeros((1024, 5), "float32"), projections=4)[0]
    # Of 4096 directions: of a quadratic form on the sphere, the relative standard deviation is below 1 for each.
    assert found == pytest.approx(exact, rel=4 / np.sqrt(4096))
    assert found != pytest.approx(exact, rel=1e-5)


def test_softmax_is_taken_off():
    model = linear(3, "sparse_categorical_crossentropy", activation="softmax")
    kernel = model.get_weights()[0]
    centred = kernel - kernel.mean(axis=1, keepdims=True)
    found = estimates(model, np.tile(X, (64, 1)), np.tile(Y, 64), projections=4)[0]
    assert found == pytest.approx(np.sum(centred**2), rel=0.05)


def test_sigmoid_is_taken_off():
    model = linear(1, "binary_crossentropy", activation="sigmoid")
    y = (Y[:, None] > 0).astype("float32")
    assert estimates(model, X, y, 1)[0] == pytest.approx(np.sum(model.get_weights()[0] ** 2), rel=1e-4)


def test_logits_are_taken_as_they_are():
    model = linear(3, keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    found = estimates(model, np.tile(X, (64, 1)), np.tile(Y, 64), projections=4)[0]
    assert found == pytest.approx(np.sum(model.get_weights()[0] ** 2), rel=0.05)


def test_outputs_are_taken_together():
    inputs = keras.Input((4,))
    model = keras.Model(inputs, [keras.layers.Dense(2, name="a")(inputs), keras.layers.Dense(1, name="b")(inputs)])
    model.compile("sgd", ["mse", "mse"])
    exact = sum(np.sum(w**2) for w in model.get_weights() if w.ndim > 1)
    y = [np.zeros((1024, 2), "float32"), np.zeros((1024, 1), "float32")]
    assert estimates(model, np.tile(X, (64, 1)), y, projections=4)[0] == pytest.approx(exact, rel=0.05)


def test_weights_of_samples():
    # The Jacobian of tanh differs between samples.
    model = linear(1, "mse", activation="tanh")
    kernel, bias = model.get_weights()
    slopes = np.sum(((1 - np.tanh(X @ kernel + bias) ** 2) * kernel.T) ** 2, axis=1)
    weight = np.linspace(0, 2, 16).astype("float32")
    wrapper = JacobianPenalty(model, 2.0)
    outputs = wrapper(X, training=True)
    loss = wrapper.compute_loss(X, X[:, :1], outputs, weight, training=True)
    penalty = number(loss) - number(wrapper.data_loss(X[:, :1], outputs, weight))
    assert penalty == pytest.approx(np.mean(weight * slopes), rel=1e-4)


def test_confident_predictions_have_logits_still():
    model = linear(3, "sparse_categorical_crossentropy", activation="softmax")
    kernel, _ = model.get_weights()
    model.set_weights([kernel, np.array([25.0, 0.0, -25.0])])
    assert softmax(np.array([25.0, 0.0, -25.0]))[2] < 1e-20
    centred = kernel - kernel.mean(axis=1, keepdims=True)
    found = estimates(model, np.tile(X, (64, 1)), np.tile(Y, 64), projections=4)[0]
    assert found == pytest.approx(np.sum(centred**2), rel=0.05)


def test_directions():
    directions = [array(d) for d in unit_directions([(500, 2, 2), (500, 3)], keras.random.SeedGenerator(0))]
    flat = np.concatenate([directions[0].reshape(500, 4), directions[1]], axis=1)
    np.testing.assert_allclose(np.sum(flat**2, axis=1), 1, rtol=1e-5)
    np.testing.assert_allclose(flat.T @ flat / 500, np.eye(7) / 7, atol=0.04)  # 5 standard errors
    tiny = [array(t) for t in unit_vectors([np.array([[3e-25, 4e-25], [0, 0]], "float32")])]
    np.testing.assert_allclose(tiny[0], [[0.6, 0.8], [0, 0]], rtol=1e-5)


def test_seeds():
    def losses(seed):
        return fit(JacobianPenalty(linear(3, "mse"), 1.0, seed=seed), X, np.zeros((16, 3)))["loss"]

    assert losses(0) == losses(0)
    assert losses(0) != losses(1)
