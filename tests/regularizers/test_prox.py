"""Proximal operators, against their definition: argmin_u ½‖u − x‖² + step·R(u)."""

import keras
import numpy as np
import pytest
from scipy.optimize import minimize
from sklearn.linear_model import Lasso

from keras_regkit import regularizers as r
from keras_regkit.regularizers import prox

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(4, 3)).astype("float32")
REFERENCE = RANDOM.normal(size=(4, 3)).astype("float32")
IMPORTANCE = RANDOM.uniform(size=(4, 3)).astype("float32")

SEPARABLE = [
    keras.regularizers.L1(0.4),
    keras.regularizers.L2(0.4),
    keras.regularizers.L1L2(0.3, 0.4),
    r.MCP(0.4, gamma=2.5),
    r.SCAD(0.3, a=3.0),
    r.L2SP(0.4, REFERENCE),
    r.WeightedL2(0.4, IMPORTANCE, REFERENCE),
    r.WeightedL2(0.4, IMPORTANCE),
]
GROUPED = [
    r.GroupLasso(0.3),
    r.GroupLasso(0.3, "inputs"),
    r.GroupLasso(0.3, axis=[0, 1]),
    r.SparseGroupLasso(0.4, alpha=0.5),
    r.SparseGroupLasso(0.4, alpha=0.2, groups="inputs"),
]


def array(tensor):
    return keras.ops.convert_to_numpy(tensor)


def objective(regularizer, u, x, step):
    """½‖u − x‖²/step + R(u), whose minimizer is the same."""
    value = float(array(regularizer(keras.ops.convert_to_tensor(u.astype("float32")))))
    return float((np.square(u - x) / (2 * step)).sum()) + value


@pytest.mark.parametrize("regularizer", [*SEPARABLE, *GROUPED])
@pytest.mark.parametrize("step", [0.3, 1.0])
def test_no_other_point_is_better(regularizer, step):
    best = array(prox(regularizer, X, step)).astype("float64")
    least = objective(regularizer, best, X, step)
    search = np.random.default_rng(1)
    for scale in (1e-2, 1e-1, 1.0):
        for _ in range(40):
            # Dense moves, moves of one entry, and moves of a row or a column.
            move = scale * search.normal(size=X.shape) * search.choice([0, 1], p=[0.5, 0.5], size=X.shape)
            assert objective(regularizer, best + move, X, step) >= least - 1e-5
    for candidate in (X, np.zeros_like(X), REFERENCE):
        assert objective(regularizer, candidate, X, step) >= least - 1e-5


def mcp_by_integral(t):
    slope = lambda s: np.maximum(0.4 - s / 2.5, 0)  # noqa: E731
    return integral(slope, t)


def scad_by_integral(t):
    slope = lambda s: np.where(s <= 0.3, 0.3, np.maximum(3.0 * 0.3 - s, 0) / 2.0)  # noqa: E731
    return integral(slope, t)


def integral(slope, t):
    """The penalty from its published slope."""
    nodes = np.linspace(0, 3, 60001)
    middle = slope((nodes[1:] + nodes[:-1]) / 2)
    return np.interp(t, nodes, np.concatenate([[0], np.cumsum(middle) * (nodes[1] - nodes[0])]))


# The penalty of one weight, for each of the first five.
RHO = [lambda t: 0.4 * t, lambda t: 0.4 * t**2, lambda t: 0.3 * t + 0.4 * t**2, mcp_by_integral, scad_by_integral]
GRID = np.linspace(-3, 3, 60001)


@pytest.mark.parametrize(("regularizer", "rho"), list(zip(SEPARABLE[:5], RHO, strict=True)))
@pytest.mark.parametrize("step", [0.2, 1.0, 1.7])
def test_separable_ones_against_a_grid(regularizer, rho, step):
    points = np.linspace(-2.5, 2.5, 41).astype("float32")
    expected = [GRID[np.argmin((GRID - x) ** 2 / 2 + step * rho(np.abs(GRID)))] for x in points]
    np.testing.assert_allclose(array(prox(regularizer, points, step)), expected, atol=2e-4)


@pytest.mark.parametrize(
    ("regularizer", "rho"), [(r.MCP(0.4, 2.5), mcp_by_integral), (r.SCAD(0.3, 3.0), scad_by_integral)]
)
@pytest.mark.parametrize("step", [2.2, 2.5, 3.0, 4.0, 6.0, 20.0])
def test_long_steps_given_as_tensors_find_the_global_minimum(regularizer, rho, step):
    points = np.linspace(0, 2.9, 59)
    got = array(prox(regularizer, points.astype("float32"), keras.ops.convert_to_tensor(step, "float32")))

    def value(u, x):
        return (u - x) ** 2 / 2 + step * rho(np.abs(u))

    for x, u in zip(points, got.astype("float64"), strict=True):
        assert value(u, x) <= value(GRID, x).min() + 1e-4


@pytest.mark.parametrize(("regularizer", "limit"), [(r.MCP(0.1, gamma=2.0), 2), (r.SCAD(0.1, a=3.0), 2.0)])
def test_long_steps_given_as_numbers_are_refused(regularizer, limit):
    with pytest.raises(ValueError, match=rf"`step` must be in \[0, {limit:g}\)\. Received: {limit}"):
        regularizer.prox(X, limit)
    regularizer.prox(X, limit - 1e-3)


@pytest.mark.parametrize("regularizer", SEPARABLE)
def test_separable_ones_take_a_step_per_weight(regularizer):
    steps = RANDOM.uniform(0.01, 1.5, size=X.shape).astype("float32")
    got = array(prox(regularizer, X, steps))
    for index in np.ndindex(X.shape):
        alone = array(prox(regularizer, X, float(steps[index])))[index]
        assert got[index] == pytest.approx(alone, abs=1e-6)


@pytest.mark.parametrize(("regularizer", "shape"), [(GROUPED[0], (1, 3)), (GROUPED[4], (4, 1))])
def test_groups_take_a_step_per_group(regularizer, shape):
    steps = RANDOM.uniform(0.1, 1.5, size=shape).astype("float32")
    got = array(regularizer.prox(X, steps))
    for index in np.ndindex(shape):
        group = (slice(None), index[1]) if shape[0] == 1 else (index[0], slice(None))
        np.testing.assert_allclose(got[group], array(regularizer.prox(X, float(steps[index])))[group], atol=1e-6)
    with pytest.raises(ValueError, match=r"one number per group, of shape \(.*shrink together"):
        regularizer.prox(X, np.ones_like(X))


@pytest.mark.parametrize("regularizer", [*SEPARABLE, *GROUPED])
def test_step_of_zero_moves_nothing_and_zeros_are_no_trouble(regularizer):
    np.testing.assert_allclose(array(prox(regularizer, X, 0)), X, rtol=1e-6)
    assert np.isfinite(array(prox(regularizer, np.zeros_like(X), 0.5))).all()
    half = keras.ops.cast(X, "float16")
    assert keras.backend.standardize_dtype(prox(regularizer, half, 0.5).dtype) == "float16"


def lasso_problem():
    design = RANDOM.normal(size=(60, 20))
    target = design[:, :4] @ [3.0, -2.0, 1.5, 1.0] + 0.1 * RANDOM.normal(size=60)
    return design, target


def proximal_descent(design, target, regularizer, steps=3000):
    """Proximal gradient descent on 1/(2n)‖y − Xw‖² + R(w)."""
    step = len(target) / np.linalg.norm(design, 2) ** 2
    w = np.zeros((design.shape[1], 1), "float32")
    for _ in range(steps):
        gradient = design.T @ (design @ w - target[:, None]) / len(target)
        moved = w - step * gradient
        new = array(prox(regularizer, moved.astype("float32"), step))
        if np.array_equal(new, w):
            break
        w = new
    return w.ravel()


def test_lasso_against_scikit_learn():
    design, target = lasso_problem()
    expected = Lasso(alpha=0.2, fit_intercept=False, tol=1e-10).fit(design, target).coef_
    assert (expected == 0).sum() > 10
    # In a kernel with one output every input is a group of one weight: the group lasso is the lasso.
    for regularizer in (keras.regularizers.L1(0.2), r.GroupLasso(0.2, "inputs"), r.SparseGroupLasso(0.2, 1.0)):
        got = proximal_descent(design, target, regularizer)
        np.testing.assert_array_equal(got == 0, expected == 0)
        np.testing.assert_allclose(got, expected, atol=1e-4)


def test_group_lasso_against_scipy():
    design, target = lasso_problem()
    regularizer = r.GroupLasso(0.5, axis=[1])
    # Ten inputs as five groups of two; minimized by a smooth method on ‖w_g‖² + a little.
    design = design[:, :10]

    def loss(w):
        groups = np.sqrt((w.reshape(5, 2) ** 2).sum(1) + 1e-12)
        return ((target - design @ w) ** 2).sum() / (2 * len(target)) + 0.5 * np.sqrt(2) * groups.sum()

    expected = minimize(loss, np.ones(10), method="BFGS", options={"gtol": 1e-7}).x
    step = len(target) / np.linalg.norm(design, 2) ** 2
    w = np.zeros((5, 2), "float32")
    for _ in range(1000):
        moved = w.ravel() - step * design.T @ (design @ w.ravel() - target) / len(target)
        w = array(regularizer.prox(moved.reshape(5, 2).astype("float32"), step))
    np.testing.assert_allclose(w.ravel(), expected, atol=2e-3)
    np.testing.assert_array_equal((w == 0).all(1), [False, False, True, True, True])


def test_what_has_no_closed_form_is_refused():
    for regularizer in (r.Hoyer(), r.Orthogonal(), keras.regularizers.OrthogonalRegularizer(), None):
        with pytest.raises(TypeError, match=r"`regularizer` must have a method `prox\(x, step\)`"):
            prox(regularizer, X, 0.1)


@pytest.mark.parametrize("regularizer", [keras.regularizers.L1(0.1), r.GroupLasso(), r.MCP(), r.L2SP(0.1, REFERENCE)])
def test_steps_that_are_no_steps_are_refused(regularizer):
    for step, error in ((-0.1, ValueError), (float("nan"), ValueError), (None, TypeError), ("long", TypeError)):
        with pytest.raises(error, match="`step` must be"):
            prox(regularizer, X, step)
