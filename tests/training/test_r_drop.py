"""R-Drop against its formula in NumPy, on the predictions of its two passes."""

import warnings

import keras
import numpy as np
import pytest
from extra_passes import X, Y, array, fit, number, softmax
from keras import layers

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.training import RDrop
from keras_regkit.training._noise import Noise


def dropping(units, activation, loss, **compiled):
    keras.utils.set_random_seed(1)
    model = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5, seed=2), layers.Dense(units, activation)])
    model.compile("sgd", loss, **compiled)
    return model


def loss_and_passes(model, alpha, y, sample_weight=None):
    """Returns the loss of a training step, and the outputs of the first and the second pass."""
    wrapper = RDrop(model, alpha)
    noise = Noise(model)
    first = wrapper(X, training=True)
    loss = wrapper.compute_loss(X, y, first, sample_weight, training=True)
    return number(loss), array(first), array(wrapper.further_pass(X, noise, same_noise=False))


def kl(p, q):
    return (p * np.log(p / q)).sum(axis=-1)


@pytest.mark.parametrize("logits", [False, True])
def test_classes(logits):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=logits)
    model = dropping(3, None if logits else "softmax", loss)
    weight = np.linspace(0, 2, 16)
    value, *passes = loss_and_passes(model, 0.7, Y, weight)
    p, q = map(softmax, passes) if logits else passes
    assert np.abs(p - q).max() > 0.05
    entropy = -(np.log(p[np.arange(16), Y]) + np.log(q[np.arange(16), Y])) / 2
    assert value == pytest.approx(np.mean(weight * (entropy + 0.7 * (kl(p, q) + kl(q, p)) / 2)), rel=1e-5)


@pytest.mark.parametrize("logits", [False, True])
def test_probabilities_of_yes_and_no(logits):
    loss = keras.losses.BinaryCrossentropy(from_logits=logits)
    model = dropping(2, None if logits else "sigmoid", loss)
    y = np.stack([Y > 0, Y > 1], axis=1).astype("float32")
    value, *passes = loss_and_passes(model, 0.7, y)
    p, q = (1 / (1 + np.exp(-z)) for z in passes) if logits else passes
    entropy = -sum(np.log(np.where(y > 0, r, 1 - r)) for r in (p, q)).mean(axis=-1) / 2
    both = [np.stack([r, 1 - r], axis=-1) for r in (p, q)]
    divergence = (kl(*both) + kl(*both[::-1])).mean(axis=-1) / 2
    assert value == pytest.approx(np.mean(entropy + 0.7 * divergence), rel=1e-5)


def test_numbers_have_the_squared_difference():
    y = X[:, :2]
    value, p, q = loss_and_passes(dropping(2, None, "mse"), 0.7, y)
    assert value == pytest.approx((((p - y) ** 2 + (q - y) ** 2) / 2 + 0.7 * (p - q) ** 2).mean(), rel=1e-5)


def test_a_loss_of_the_users_own_is_told_by_the_activation():
    def own(y_true, y_pred):
        return keras.ops.mean(keras.ops.square(y_true - y_pred), axis=-1)

    y = np.eye(3, dtype="float32")[Y]
    value, p, q = loss_and_passes(dropping(3, "softmax", own), 0.7, y)
    squares = (((p - y) ** 2 + (q - y) ** 2) / 2).mean(axis=-1)
    assert value == pytest.approx(np.mean(squares + 0.7 * (kl(p, q) + kl(q, p)) / 2), rel=1e-5)


def test_each_output_counts_by_its_weight():
    keras.utils.set_random_seed(1)
    inputs = keras.Input((4,))
    x = layers.Dropout(0.5, seed=2)(inputs)
    model = keras.Model(inputs, [layers.Dense(3, "softmax", name="a")(x), layers.Dense(1, name="b")(x)])
    model.compile("sgd", ["sparse_categorical_crossentropy", "mse"], loss_weights=[2.0, 0.5])
    wrapper, noise = RDrop(model, 0.7), Noise(model)
    first = wrapper(X, training=True)
    loss = number(wrapper.compute_loss(X, [Y, X[:, :1]], first, training=True))
    (p, a), (q, b) = ([array(t) for t in o] for o in (first, wrapper.further_pass(X, noise, same_noise=False)))
    entropy = -(np.log(p[np.arange(16), Y]) + np.log(q[np.arange(16), Y])) / 2
    squares = ((a - X[:, :1]) ** 2 + (b - X[:, :1]) ** 2)[:, 0] / 2
    kinds = 2.0 * (entropy + 0.7 * (kl(p, q) + kl(q, p)) / 2)
    assert loss == pytest.approx(np.mean(kinds + 0.5 * (squares + 0.7 * (a - b)[:, 0] ** 2)), rel=1e-5)


def test_penalties_count_once():
    model = dropping(3, "softmax", "sparse_categorical_crossentropy")
    plain, *_ = loss_and_passes(model, 0.7, Y)
    dense = layers.Dense(3, "softmax", kernel_regularizer=keras.regularizers.L2(0.1))
    penalized = keras.Sequential([keras.Input((4,)), layers.Dropout(0.5, seed=2), dense])
    penalized.set_weights(model.get_weights())
    penalized.compile("sgd", "sparse_categorical_crossentropy")
    value, *_ = loss_and_passes(penalized, 0.7, Y)
    assert value - plain == pytest.approx(0.1 * np.sum(model.get_weights()[0] ** 2), rel=1e-4)


@pytest.mark.parametrize("noise", [layers.Dropout(0.0), layers.ReLU()])
def test_a_model_without_dropout_is_told(noise):
    model = keras.Sequential([keras.Input((4,)), noise, layers.Dense(3)])
    with pytest.warns(NoEffectWarning, match="has no layer that draws at random"):
        RDrop(model)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        RDrop(keras.Sequential([keras.Input((4, 2)), layers.LSTM(3, dropout=0.1)]))


def test_it_brings_the_passes_together():
    def divergence(alpha):
        model = dropping(3, "softmax", "sparse_categorical_crossentropy")
        model.optimizer.learning_rate = 0.5
        return fit(RDrop(model, alpha), epochs=40)["divergence"][-10:]

    assert np.mean(divergence(5.0)) < np.mean(divergence(0.0)) / 3
