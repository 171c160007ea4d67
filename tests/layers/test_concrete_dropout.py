"""ConcreteDropout: the relaxed mask, the two terms of the loss, and that the rate is learned."""

import keras
import numpy as np
import pytest
from drawing import drawn, modes, numbers, train
from keras import ops

from keras_regkit.layers import ConcreteDropout
from keras_regkit.layers.concrete_dropout import concrete_mask

X = np.random.default_rng(0).normal(size=(12, 5)).astype("float32")


def logit(rate):
    return np.log(rate) - np.log(1 - rate)


@pytest.mark.parametrize("rate", [0.05, 0.5, 0.9])
def test_mask_of_the_paper(rate):
    noise = np.random.default_rng(1).uniform(0.01, 0.99, size=(50,))
    odds = rate / (1 - rate) * noise / (1 - noise)
    dropped = odds**10 / (1 + odds**10)  # a sigmoid at temperature 0.1, without logarithms
    mask = concrete_mask(ops.convert_to_tensor(np.float32(logit(rate))), noise.astype("float32"), 0.1)
    np.testing.assert_allclose(numbers(mask), (1 - dropped) / (1 - rate), rtol=2e-3, atol=1e-5)


def test_ends_of_the_noise_are_finite():
    mask = numbers(concrete_mask(ops.convert_to_tensor(np.float32(0.0)), np.array([0.0, 1.0], "float32"), 0.1))
    np.testing.assert_allclose(mask, [2.0, 0.0], atol=1e-5)


def test_inputs_are_dropped_at_the_rate():
    layer = ConcreteDropout(keras.layers.Dense(400, use_bias=False, kernel_initializer="identity"), initial_rate=0.3)
    y = drawn(layer, np.ones((100, 400), "float32"))
    # Between 0 and 1 / (1 - p) there are a few; at temperature 0.1, half of the mask lies on each side at the rate.
    assert (y < 0.5 / 0.7).mean() == pytest.approx(0.3, abs=0.012)
    assert y.mean() == pytest.approx(1.0, abs=0.03)


def penalty_by_hand(kernel, features, rate, weight, dropout):
    entropy = -(rate * np.log(rate) + (1 - rate) * np.log(1 - rate))
    return weight * (kernel**2).sum() / (1 - rate) - dropout * features * entropy


@pytest.mark.parametrize("dtype", ["float32", "mixed_float16"])
@pytest.mark.parametrize(
    ("inner", "shape", "features"),
    [
        (lambda: keras.layers.Dense(7), (4, 5), 5),
        (lambda: keras.layers.Conv2D(2, 3, data_format="channels_last"), (4, 6, 6, 3), 3),
    ],
)
def test_terms_of_the_loss(inner, shape, features, dtype):
    layer = ConcreteDropout(inner(), 0.01, 0.1, initial_rate=0.2, dtype=dtype)
    layer(np.zeros(shape, "float32"), training=True)
    (loss,) = layer.losses
    assert keras.backend.standardize_dtype(loss.dtype) == "float32"
    expected = penalty_by_hand(numbers(layer.layer.kernel), features, 0.2, 0.01, 0.1)
    assert float(numbers(loss)) == pytest.approx(expected, rel=1e-4)


def test_terms_count_once_for_a_layer_that_is_used_twice():
    inputs = keras.Input((5,))
    layer = ConcreteDropout(keras.layers.Dense(5), 0.01, 0.1)
    model = keras.Model(inputs, layer(layer(inputs)))
    model(X, training=True)
    assert len(model.losses) == 1


@pytest.mark.parametrize("jit_compile", modes())
def test_rate_rises_to_one_half_where_only_entropy_counts(jit_compile):
    layer = ConcreteDropout(keras.layers.Dense(1, kernel_initializer="zeros"), 0.0, 10.0, initial_rate=0.1, seed=1)
    model = keras.Sequential([keras.Input((5,)), layer])
    optimizer = keras.optimizers.SGD(0.1)
    train(model, X, np.zeros((12, 1), "float32"), epochs=40, jit_compile=jit_compile, optimizer=optimizer)
    assert layer.learned_rate() == pytest.approx(0.5, abs=0.02)


def test_rate_falls_where_the_data_want_every_input():
    layer = ConcreteDropout(keras.layers.Dense(1), 1e-6, 1e-6, initial_rate=0.4, seed=1)
    model = keras.Sequential([keras.Input((5,)), layer])
    y = X.sum(axis=1, keepdims=True)
    train(model, X, y, epochs=150, optimizer=keras.optimizers.Adam(0.05))
    assert layer.learned_rate() < 0.1


def test_the_loss_of_fit_holds_the_terms():
    layer = ConcreteDropout(keras.layers.Dense(1, kernel_initializer="ones"), 0.5, 0.0, initial_rate=0.5)
    model = keras.Sequential([keras.Input((5,)), layer])
    model.compile("sgd", "mse")
    loss = model.evaluate(X, X.sum(axis=1, keepdims=True), verbose=0)
    assert loss == pytest.approx(0.5 * 5 / 0.5, rel=1e-5)


def test_convolutions_drop_whole_maps():
    inner = keras.layers.Conv2D(6, 1, use_bias=False, kernel_initializer="identity", data_format="channels_last")
    inner.kernel_initializer = lambda shape, dtype: ops.reshape(ops.eye(6, dtype=dtype), shape)
    y = drawn(ConcreteDropout(inner, initial_rate=0.5, seed=1), np.ones((4, 3, 3, 6), "float32"))
    assert (y == y[:, :1, :1]).all()
    assert len(np.unique(y[:, 0, 0])) > 3


def test_inference_passes_the_inputs_on():
    layer = ConcreteDropout(keras.layers.Dense(3), initial_rate=0.9)
    np.testing.assert_allclose(numbers(layer(X)), numbers(layer.layer(X)), rtol=1e-6)


def test_bad_arguments():
    with pytest.raises(ValueError, match="ConcreteDropout needs a layer that computes with a weight named `kernel`"):
        ConcreteDropout(keras.layers.LayerNormalization())(X)
    with pytest.raises(ValueError, match=r"`initial_rate` must be in \(0, 1\)\. Received: 0\.0"):
        ConcreteDropout(keras.layers.Dense(1), initial_rate=0.0)
    with pytest.raises(ValueError, match=r"`temperature` must be in \(0, inf\)"):
        ConcreteDropout(keras.layers.Dense(1), temperature=0)
