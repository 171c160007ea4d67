"""The gradient penalty against gradients of linear and logistic models by hand."""

import keras
import numpy as np
import pytest
from extra_passes import X, Y, fit, linear, number

from keras_regkit.training import GradientPenalty


def step_loss(wrapper, x, y, sample_weight=None):
    return number(wrapper.compute_loss(x, y, wrapper(x, training=True), sample_weight, training=True))


def test_a_linear_model():
    model = linear(1, "mse")
    kernel, bias = model.get_weights()
    y = X[:, :1] * 2
    error = X @ kernel + bias - y
    expected = np.mean(error**2) + 0.3 * np.mean(np.sum((2 * error * kernel.T) ** 2, axis=1))
    assert step_loss(GradientPenalty(model, 0.3), X, y) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize("shape", [(16,), (16, 1)])
def test_a_logistic_model_with_weights(shape):
    model = linear(1, keras.losses.BinaryCrossentropy(from_logits=True))
    kernel, bias = model.get_weights()
    y, weight = (Y[:, None] > 0).astype("float32"), np.linspace(0, 3, 16).astype("float32")
    z = (X @ kernel + bias)[:, 0]
    loss = np.logaddexp(0, z) - y[:, 0] * z
    gradient = (1 / (1 + np.exp(-z)) - y[:, 0])[:, None] * kernel.T
    expected = np.mean(weight * (loss + 0.3 * (gradient**2).sum(axis=1)))
    assert step_loss(GradientPenalty(model, 0.3), X, y, weight.reshape(shape)) == pytest.approx(expected, rel=1e-5)


def test_the_step_is_taken_through_the_gradient():
    # With one weight and no bias, L = (wx)² + s (2 w² x)²  and  dL/dw = 2 w x² + 16 s w³ x².
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[0.7]])])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.array([[0.5], [-1.5]], "float32")
    fit(GradientPenalty(model, 0.4), x, np.zeros((2, 1)))
    slope = np.mean(2 * 0.7 * x**2 + 16 * 0.4 * 0.7**3 * x**2)
    assert model.get_weights()[0][0, 0] == pytest.approx(0.7 - 0.1 * slope, rel=1e-5)


def test_inputs_that_are_integers_are_left_out():
    number_in, code = keras.Input((2,), name="number"), keras.Input((1,), dtype="int32", name="code")
    embedded = keras.layers.Flatten()(keras.layers.Embedding(3, 2)(code))
    outputs = keras.layers.Dense(1, use_bias=False)(keras.layers.Concatenate()([number_in, embedded]))
    model = keras.Model({"number": number_in, "code": code}, outputs)
    model.compile("sgd", "mse")
    kernel = model.get_weights()[1]
    x, y = {"number": X[:, :2], "code": Y[:, None].astype("int32")}, np.zeros((16, 1), "float32")
    wrapper = GradientPenalty(model, 0.3)
    predictions = wrapper.predict(x, verbose=0)
    expected = np.mean(predictions**2) + 0.3 * np.mean((2 * predictions) ** 2) * np.sum(kernel[:2] ** 2)
    assert step_loss(wrapper, x, y) == pytest.approx(expected, rel=1e-5)


def test_it_flattens_the_loss():
    def norm(strength):
        model = linear(3, "sparse_categorical_crossentropy", activation="softmax")
        return fit(GradientPenalty(model, strength), epochs=40)["gradient_norm"][-1]

    assert norm(1.0) < norm(0.0) / 2
