"""Spectral normalization against singular values and PyTorch."""

import keras
import numpy as np
import pytest
from reparametrizing import WRAPPED, array, batch, gradients, with_kernel

from keras_regkit.layers import SpectralNormalization


def matrix_of(kernel, axes):
    kept = [a for a in range(kernel.ndim) if a not in axes]
    return kernel.transpose(*axes, *kept).reshape(np.prod([kernel.shape[a] for a in axes]), -1)


@pytest.mark.parametrize("name", WRAPPED)
def test_kernel_is_divided_by_its_largest_singular_value(name):
    make, shape, axes = WRAPPED[name]
    x = batch(shape)
    layer = SpectralNormalization(make(), power_iterations=100)
    got = array(layer(x))
    kernel = array(layer.layer.kernel)
    sigma = np.linalg.norm(matrix_of(kernel, axes), 2)
    np.testing.assert_allclose(got, with_kernel(layer.layer, x, kernel / sigma), rtol=1e-3, atol=1e-5)
    np.testing.assert_array_equal(array(layer.layer.kernel), kernel)
    np.testing.assert_allclose(array(layer.unwrapped()(x)), got, atol=1e-5)


def test_vector_moves_in_training_only():
    x = batch((4,))
    layer = SpectralNormalization(keras.layers.Dense(3))
    layer(x)
    layer.u.assign(np.array([1, 0, 0], "float32"))
    layer(x, training=False)
    np.testing.assert_array_equal(array(layer.u), [1, 0, 0])
    kernel = array(layer.layer.kernel)
    v = kernel[:, 0] / np.linalg.norm(kernel[:, 0])
    u = kernel.T @ v / np.linalg.norm(kernel.T @ v)
    got = array(layer(x, training=True))
    np.testing.assert_allclose(array(layer.u), u, rtol=1e-5)
    np.testing.assert_allclose(got, x @ kernel / (v @ kernel @ u), rtol=1e-4, atol=1e-5)
    layer.trainable = False
    layer(x, training=True)
    np.testing.assert_allclose(array(layer.u), u, rtol=1e-5)


@pytest.mark.filterwarnings("ignore:CUDA initialization")  # of a torch for GPUs where there is none
def test_agrees_with_torch():
    torch = pytest.importorskip("torch")
    x = batch((4,))
    layer = SpectralNormalization(keras.layers.Dense(3, use_bias=False))
    layer(x)
    kernel, start = array(layer.layer.kernel), np.array([0.6, 0.8, 0.0], "float32")
    layer.u.assign(start)
    got = gradients(layer, x)["kernel"]
    linear = torch.nn.Linear(4, 3, bias=False)
    with torch.no_grad():
        linear.weight.copy_(torch.tensor(kernel.T.copy()))
    theirs = torch.nn.utils.parametrizations.spectral_norm(linear, n_power_iterations=1)
    device = linear.weight.device
    parametrization = theirs.parametrizations.weight[0]
    # One iteration of theirs is u from v, then v from u; ours starts at v: theirs is given what ours has after it.
    v = kernel @ start / np.linalg.norm(kernel @ start)
    u = kernel.T @ v / np.linalg.norm(kernel.T @ v)
    parametrization._u.copy_(torch.tensor(u))
    parametrization._v.copy_(torch.tensor(v))
    theirs.eval()  # takes both as they are
    output = theirs(torch.tensor(x, device=device))
    (output**2).mean().backward()
    expected = theirs.parametrizations.weight.original.grad.cpu().numpy().T
    np.testing.assert_allclose(got, expected, rtol=1e-3, atol=1e-5)


def test_one_iteration_a_step_follows_training():
    x = batch((8,))
    # One direction is to win: between singular values of one size, no iteration could tell.
    y = np.repeat(x[:, :1], 6, axis=1)
    dense = keras.layers.Dense(6, use_bias=False, kernel_initializer=keras.initializers.GlorotUniform(seed=0))
    model = keras.Sequential([keras.Input((8,)), SpectralNormalization(dense)])
    model.compile(keras.optimizers.Adam(0.01), "mse")
    before = array(model.layers[0].layer.kernel).copy()
    model.fit(x, y, epochs=60, verbose=0)
    layer = model.layers[0]
    kernel = array(layer.layer.kernel)
    assert abs(kernel - before).max() > 0.05
    effective = array(model(np.eye(8, dtype="float32")))
    assert abs(np.linalg.norm(effective, 2) - 1) < 0.02
    assert np.isfinite(effective).all()


def test_kernel_of_zeros_recovers():
    x = batch((4,))
    layer = SpectralNormalization(keras.layers.Dense(3, kernel_initializer="zeros"))
    np.testing.assert_array_equal(array(layer(x, training=True)), np.zeros((6, 3)))
    np.testing.assert_allclose(np.linalg.norm(array(layer.u)), 1, rtol=1e-5)
    kernel = np.random.default_rng(3).normal(size=(4, 3)).astype("float32")
    layer.layer.kernel.assign(kernel)
    for _ in range(50):
        layer(x, training=True)
    got = array(layer(np.eye(4, dtype="float32")))
    np.testing.assert_allclose(got, kernel / np.linalg.norm(kernel, 2), rtol=1e-3)


def test_time_distributed():
    x = batch((3, 4))
    layer = SpectralNormalization(keras.layers.Dense(2))
    got = array(keras.layers.TimeDistributed(layer)(x))
    np.testing.assert_allclose(got[:, 1], array(layer(x[:, 1])), atol=1e-5)


def test_half_precision_statistics_are_float32():
    layer = SpectralNormalization(keras.layers.Dense(3, kernel_initializer="ones"), dtype="mixed_float16")
    layer(batch((4,)), training=True)
    assert keras.backend.standardize_dtype(layer.u.dtype) == "float32"
    np.testing.assert_allclose(abs(array(layer.u)), np.full(3, 3**-0.5), rtol=1e-5)
