"""The projections are the nearest points of their sets."""

import keras
import numpy as np
import pytest
from keras import ops
from scipy import optimize

from keras_regkit import constraints

RANDOM = np.random.default_rng(0)


def applied(constraint, w):
    return ops.convert_to_numpy(constraint(np.asarray(w, "float32")))


def duchi(v, z):
    """Figure 1 of the paper, with a loop."""
    u = sorted(v.tolist(), reverse=True)
    total, theta = 0.0, None
    for j, value in enumerate(u, start=1):
        total += value
        if value - (total - z) / j > 0:
            theta = (total - z) / j
    return np.maximum(v - theta, 0)


def nearest(v, conditions, bounds=None, start=None):
    """The nearest point that meets the conditions, by a general optimizer."""
    found = optimize.minimize(
        lambda w: ((w - v) ** 2).sum(),
        np.zeros_like(v) if start is None else start,
        jac=lambda w: 2 * (w - v),
        method="SLSQP",
        bounds=bounds,
        constraints=conditions,
        options={"ftol": 1e-12, "maxiter": 500},
    )
    assert found.success
    return found.x


@pytest.mark.parametrize("total", [0.5, 1.0, 7.0])
def test_simplex_is_the_nearest_point(total):
    w = RANDOM.normal(size=(6, 3))
    got = applied(constraints.Simplex(total), w)
    for v, column in zip(w.T, got.T, strict=True):
        conditions = [{"type": "eq", "fun": lambda p: p.sum() - total}]
        expected = nearest(v, conditions, bounds=[(0, None)] * 6, start=np.full(6, total / 6))
        np.testing.assert_allclose(column, expected, atol=1e-4)
        np.testing.assert_allclose(column, duchi(v, total), atol=1e-6)


@pytest.mark.parametrize("radius", [0.5, 2.0])
def test_l1_ball_is_the_nearest_point(radius):
    w = RANDOM.normal(size=(5, 3))
    got = applied(constraints.L1Ball(radius), w)
    for v, column in zip(w.T, got.T, strict=True):
        # w = p − q with p, q ≥ 0 makes the absolute value smooth.
        split = optimize.minimize(
            lambda pq, v=v: ((pq[:5] - pq[5:] - v) ** 2).sum(),
            np.full(10, radius / 10),
            method="SLSQP",
            bounds=[(0, None)] * 10,
            constraints=[{"type": "ineq", "fun": lambda pq: radius - pq.sum()}],
            options={"ftol": 1e-13, "maxiter": 500},
        )
        np.testing.assert_allclose(column, split.x[:5] - split.x[5:], atol=1e-4)
        np.testing.assert_allclose(column, np.sign(v) * duchi(abs(v), radius), atol=1e-6)


def test_l1_ball_leaves_what_is_inside_and_makes_exact_zeros():
    w = np.array([[0.3, 5.0], [-0.2, 0.1], [0.1, -0.2]], "float32")
    got = applied(constraints.L1Ball(1.0), w)
    np.testing.assert_array_equal(got[:, 0], w[:, 0])
    np.testing.assert_array_equal(got[:, 1], [1.0, 0.0, 0.0])


@pytest.mark.parametrize("make", [lambda c: constraints.L2Ball(c), lambda c: constraints.MaxNorm(c)])
def test_l2_ball_is_the_nearest_point(make):
    w = RANDOM.normal(size=(4, 3))
    got = applied(make(0.8), w)
    for v, column in zip(w.T, got.T, strict=True):
        conditions = [{"type": "ineq", "fun": lambda p: 0.64 - p @ p}]
        np.testing.assert_allclose(column, nearest(v, conditions, start=0.1 * v), atol=1e-4)
    inside = (0.1 * w / np.linalg.norm(w, axis=0)).astype("float32")
    np.testing.assert_array_equal(applied(make(0.8), inside), inside)


@pytest.mark.parametrize("scale", [1e-30, 1e-12, 1e12, 1e30])
@pytest.mark.parametrize(
    "make",
    [
        lambda: constraints.L1Ball(1.0),
        lambda: constraints.L2Ball(1.0),
        lambda: constraints.Simplex(1.0),
        lambda: constraints.SpectralNorm(1.0),
        lambda: constraints.Orthonormal(),
    ],
)
def test_weights_of_any_size_are_projected(make, scale):
    w = RANDOM.normal(size=(6, 3)).astype("float32")
    once = applied(make(), w * np.float32(scale))
    assert np.isfinite(once).all()
    np.testing.assert_allclose(applied(make(), once), once, atol=1e-5)
    if scale > 1:
        assert abs(once).max() > 0.1
        assert abs(once).sum(axis=0).max() < 3


def test_simplex_of_equal_weights_shares_equally():
    np.testing.assert_allclose(applied(constraints.Simplex(), np.full((4, 2), 1e6)), np.full((4, 2), 0.25), atol=1e-6)


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (3, 3, 2, 4), (40, 40)])
@pytest.mark.parametrize("scale", [0.01, 1.0, 30.0])
def test_spectral_norm_is_capped_and_only_where_it_is_exceeded(shape, scale):
    w = (scale * RANDOM.normal(size=shape)).astype("float32")
    matrix = w.reshape(-1, shape[-1])
    sigma = np.linalg.norm(matrix, 2)
    got = applied(constraints.SpectralNorm(1.5), w)
    np.testing.assert_allclose(got, w * min(1, 1.5 / sigma), rtol=2e-3)
    assert np.linalg.norm(got.reshape(matrix.shape), 2) <= 1.5 * (1 + 1e-5)
    if sigma < 1.5:
        np.testing.assert_array_equal(got, w)


def test_spectral_norm_holds_where_power_iteration_is_slow():
    # Many singular values of nearly the same size.
    q, _ = np.linalg.qr(RANDOM.normal(size=(60, 60)))
    w = q * np.linspace(0.999, 1.0, 60) @ q.T
    got = applied(constraints.SpectralNorm(0.5), w)
    assert 0.5 * (1 - 1e-3) <= np.linalg.norm(got, 2) <= 0.5 * (1 + 1e-5)


@pytest.mark.parametrize("shape", [(8, 5), (5, 8), (4, 4), (3, 3, 2, 4)])
def test_orthonormal_is_the_polar_factor(shape):
    w = RANDOM.normal(size=shape)
    matrix = w.reshape(-1, shape[-1])
    got = applied(constraints.Orthonormal(), w).reshape(matrix.shape)
    tall = matrix if matrix.shape[0] >= matrix.shape[1] else matrix.T
    # Another road to the polar factor: W (WᵀW)^(−1/2).
    values, vectors = np.linalg.eigh(tall.T @ tall)
    expected = tall @ (vectors / np.sqrt(values)) @ vectors.T
    np.testing.assert_allclose(got, expected if tall is matrix else expected.T, atol=1e-5)


def test_orthonormal_of_zeros_is_orthonormal():
    got = applied(constraints.Orthonormal(), np.zeros((5, 3)))
    np.testing.assert_allclose(got.T @ got, np.eye(3), atol=1e-6)


def test_dense_layer_stays_on_the_simplex_in_training():
    model = keras.Sequential([keras.Input((5,)), keras.layers.Dense(2, kernel_constraint=constraints.Simplex())])
    model.compile(keras.optimizers.SGD(0.5), "mse")
    x = RANDOM.normal(size=(32, 5)).astype("float32")
    shares = np.array([0.7, 0.3, 0, 0, 0], "float32")
    model.fit(x, np.stack([x @ shares, 2 * x[:, 4]], 1), epochs=30, batch_size=32, verbose=0)
    kernel = model.layers[0].get_weights()[0]
    np.testing.assert_allclose(kernel.sum(axis=0), 1, atol=1e-5)
    np.testing.assert_allclose(kernel[:, 0], shares, atol=0.05)
    np.testing.assert_array_equal(kernel[:, 1], [0, 0, 0, 0, 1])
