"""Weight normalization against NumPy and PyTorch."""

import keras
import numpy as np
import pytest
from reparametrizing import WRAPPED, Scaled, array, batch, gradients, with_kernel

from keras_regkit.layers import WeightNormalization


@pytest.mark.parametrize("name", WRAPPED)
def test_starts_as_the_plain_layer_and_follows_the_equation(name):
    make, shape, axes = WRAPPED[name]
    x = batch(shape)
    inner = make()
    inner.build(x.shape)
    plain = array(inner(x))
    layer = WeightNormalization(inner)
    np.testing.assert_allclose(array(layer(x)), plain, atol=1e-5)
    v = array(inner.kernel)
    g = np.random.default_rng(1).normal(size=layer.g.shape).astype("float32")
    layer.g.assign(g)
    norms = np.sqrt((v**2).sum(axis=axes, keepdims=True))
    np.testing.assert_allclose(array(layer(x)), with_kernel(inner, x, g.reshape(norms.shape) * v / norms), atol=1e-5)
    np.testing.assert_array_equal(array(inner.kernel), v)
    assert tuple(layer.compute_output_shape(x.shape)) == plain.shape


@pytest.mark.parametrize("name", ["dense", "depthwise"])
def test_unwrapped_layer_computes_the_same(name):
    make, shape, _ = WRAPPED[name]
    x = batch(shape)
    layer = WeightNormalization(make())
    layer(x)
    layer.g.assign(array(layer.g) * 2)
    plain = layer.unwrapped()
    assert type(plain) is type(layer.layer)
    np.testing.assert_allclose(array(plain(x)), array(layer(x)), atol=1e-5)
    plain.kernel.assign(array(plain.kernel) * 0)
    assert abs(array(layer.layer.kernel)).max() > 0


def test_gradients_are_those_of_the_paper():
    x = batch((4,))
    layer = WeightNormalization(keras.layers.Dense(3, use_bias=False))
    layer(x)
    v, g = array(layer.layer.kernel).copy(), np.array([0.5, 1.0, 2.0], "float32")
    layer.g.assign(g)
    length = np.linalg.norm(v, axis=0)
    w = g * v / length
    of_w = 2 * x.T @ (x @ w) / (len(x) * 3)
    # Eq. 3 of the paper.
    of_g = (of_w * v).sum(axis=0) / length
    of_v = g / length * of_w - g * of_g / length**2 * v
    got = gradients(layer, x)
    np.testing.assert_allclose(got["g"], of_g, rtol=1e-3, atol=1e-5)
    np.testing.assert_allclose(got["kernel"], of_v, rtol=1e-3, atol=1e-5)


def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    x = batch((4,))
    layer = WeightNormalization(keras.layers.Dense(3))
    layer(x)
    theirs = torch.nn.utils.parametrizations.weight_norm(torch.nn.Linear(4, 3), dim=0)
    g = np.array([0.5, 1.0, 2.0], "float32")
    layer.g.assign(g)
    kernel = array(layer.layer.kernel)
    with torch.no_grad():
        theirs.bias.zero_()
        theirs.parametrizations.weight.original0.copy_(torch.tensor(g[:, None]))
        theirs.parametrizations.weight.original1.copy_(torch.tensor(kernel.T.copy()))
        device = theirs.bias.device
        expected = theirs(torch.tensor(x, device=device)).cpu().numpy()
    np.testing.assert_allclose(array(layer(x)), expected, atol=1e-5)


def test_units_of_zeros_stay_finite():
    layer = WeightNormalization(keras.layers.Dense(2, kernel_initializer="zeros"))
    got = gradients(layer, batch((4,)))
    assert all(np.isfinite(gradient).all() for gradient in got.values())


def test_layers_of_a_users_own_are_wrapped():
    x = batch((4,))
    inner = Scaled()
    inner.build(x.shape)
    np.testing.assert_allclose(array(WeightNormalization(inner)(x)), array(inner(x)), atol=1e-5)


@pytest.mark.parametrize("name", ["dense", "depthwise", "transposed", "einsum"])
def test_training_moves_length_and_direction(name):
    make, shape, _ = WRAPPED[name]
    x = batch(shape)
    model = keras.Sequential([keras.Input(shape), WeightNormalization(make()), keras.layers.Flatten()])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = {w.path: array(w).copy() for w in model.trainable_variables}
    y = np.zeros_like(array(model(x)))
    losses = model.fit(x, y, epochs=5, verbose=0).history["loss"]
    assert losses[-1] < losses[0]
    assert all(abs(array(w) - before[w.path]).max() > 1e-3 for w in model.trainable_variables)
    assert all(np.isfinite(w).all() for w in model.get_weights())


def test_a_subclassed_model_that_fit_builds():
    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.hidden = WeightNormalization(keras.layers.Dense(3))

        def call(self, inputs):
            return self.hidden(inputs)

    model = Net()
    model.compile(keras.optimizers.SGD(0.0), "mse")
    x = batch((4,))
    model.fit(x, np.zeros((6, 3), "float32"), verbose=0)
    norms = np.linalg.norm(array(model.hidden.layer.kernel), axis=0)
    np.testing.assert_allclose(array(model.hidden.g), norms, rtol=1e-5)


def test_time_distributed():
    x = batch((3, 4))
    layer = WeightNormalization(keras.layers.Dense(2))
    got = array(keras.layers.TimeDistributed(layer)(x))
    np.testing.assert_allclose(got[:, 1], array(layer(x[:, 1])), atol=1e-5)


def test_penalties_of_the_wrapped_layer_count():
    layer = WeightNormalization(keras.layers.Dense(2, kernel_regularizer="l2", activity_regularizer="l2"))
    model = keras.Sequential([keras.Input((4,)), layer])
    model.compile("sgd", "mse")
    x = batch((4,))
    loss = model.evaluate(x, array(model(x)), verbose=0)
    penalty = 0.01 * (array(layer.layer.kernel) ** 2).sum() + 0.01 * (array(model(x)) ** 2).sum() / len(x)
    np.testing.assert_allclose(loss, penalty, rtol=1e-4)


def test_dtype_defaults_to_that_of_the_layer():
    layer = WeightNormalization(keras.layers.Dense(2, dtype="mixed_bfloat16"))
    assert layer.dtype_policy.name == "mixed_bfloat16"
    assert keras.backend.standardize_dtype(layer(batch((4,))).dtype) == "bfloat16"
    assert keras.backend.standardize_dtype(layer.g.dtype) == "float32"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: WeightNormalization("dense"), "valid Keras layer"),
        (lambda: WeightNormalization(keras.layers.ReLU())(batch((4,))), r"needs a layer.*`kernel`.*class ReLU"),
        (lambda: WeightNormalization(keras.layers.LSTM(2))(batch((3, 4))), "class LSTM"),
        (lambda: WeightNormalization(keras.layers.SeparableConv1D(2, 2))(batch((3, 4))), "class SeparableConv1D"),
        (lambda: WeightNormalization(WeightNormalization(keras.layers.Dense(2)))(batch((4,))), "needs a layer"),
        (lambda: WeightNormalization(keras.layers.Dense(2, lora_rank=1))(batch((4,))), "needs a layer"),
        (lambda: WeightNormalization(keras.layers.EinsumDense("ab,b->ab", (4,)))(batch((4,))), "sums over none"),
    ],
)
def test_layers_without_a_kernel_are_refused(make, message):
    with pytest.raises(ValueError, match=message):
        make()
