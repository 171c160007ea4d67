"""Proximal steps: solutions and zeros, against independent solvers."""

import keras
import numpy as np
import pytest
from problems import assert_same, kernel, lasso_problem, linear, small, trained
from scipy.optimize import brentq
from sklearn.linear_model import Lasso

from keras_regkit import optimizers, regularizers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.strengths import Linear

X, Y = lasso_problem()
ALPHA = 0.2
L1 = keras.regularizers.L1(2 * ALPHA)  # scikit-learn halves the squared error, Keras does not
PROXIMAL_NADAM = optimizers.mix(keras.optimizers.Nadam, optimizers.Proximal)
PROXIMAL_ADAMAX = optimizers.mix(keras.optimizers.Adamax, optimizers.Proximal)
PROXIMAL_LOOKAHEAD = optimizers.mix(keras.optimizers.Adam, optimizers.Proximal, optimizers.Lookahead)


def solve(optimizer, regularizer, steps=400, x=X, y=Y, **compile_arguments):
    """Trains a linear model on full batches."""
    model = linear(x.shape[1], optimizer, regularizer, y.shape[1], **compile_arguments)
    repeats = 50
    x, y = np.tile(x, (repeats, 1)), np.tile(y, (repeats, 1))
    model.fit(x, y, batch_size=len(x) // repeats, epochs=steps // repeats, shuffle=False, verbose=0)
    return model


@pytest.fixture(scope="module")
def lasso():
    solution = Lasso(alpha=ALPHA, fit_intercept=False, tol=1e-12).fit(X.astype("float64"), Y.ravel()).coef_
    assert (solution == 0).sum() == 16
    return solution


@pytest.mark.parametrize(
    ("optimizer", "steps", "tolerance"),
    [
        (lambda: optimizers.ProximalSGD(0.1), 200, 1e-5),
        (lambda: optimizers.ProximalSGD(0.02, momentum=0.9), 400, 1e-5),
        (lambda: optimizers.ProximalSGD(0.02, momentum=0.9, nesterov=True), 400, 1e-5),
        (lambda: optimizers.ProximalAdam(0.05), 400, 1e-5),
        (lambda: optimizers.ProximalAdam(0.05, amsgrad=True), 400, 1e-5),
        (lambda: optimizers.ProximalRMSprop(0.01), 800, 1e-4),
        (lambda: optimizers.ProximalRMSprop(0.002, momentum=0.9), 800, 1e-4),
        (lambda: optimizers.ProximalAdagrad(0.5), 800, 1e-5),
        (lambda: PROXIMAL_NADAM(0.05), 400, 1e-5),
        (lambda: PROXIMAL_ADAMAX(0.05), 800, 1e-4),
        (lambda: PROXIMAL_LOOKAHEAD(0.05, sync_period=3), 800, 1e-3),
    ],
)
def test_lasso_has_scikit_learns_solution_and_its_zeros(optimizer, steps, tolerance, lasso):
    weights = kernel(solve(optimizer(), L1, steps)).ravel()
    np.testing.assert_array_equal(weights == 0, lasso == 0)
    np.testing.assert_allclose(weights, lasso, atol=tolerance)


def test_plain_optimizers_have_no_zeros(lasso):
    weights = kernel(solve(keras.optimizers.Adam(0.05), L1)).ravel()
    assert (weights == 0).sum() == 0


@pytest.mark.parametrize("optimizer", [optimizers.ProximalSGD, optimizers.ProximalAdam])
@pytest.mark.parametrize(
    "arguments", [{"clipnorm": 1.0}, {"loss_scale_factor": 64.0}, {"gradient_accumulation_steps": 2}]
)
def test_the_penalty_is_taken_out_before_gradients_are_clipped_scaled_and_accumulated(optimizer, arguments, lasso):
    weights = kernel(solve(optimizer(0.05, **arguments), L1, steps=1200)).ravel()
    np.testing.assert_array_equal(weights == 0, lasso == 0)
    np.testing.assert_allclose(weights, lasso, atol=1e-4)


def test_in_mixed_precision_under_loss_scaling():
    # The inputs are rounded to half precision: the zeros are clear, the weights are near.
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = solve(optimizers.ProximalAdam(0.05), L1)
    finally:
        keras.config.set_dtype_policy("float32")
    assert isinstance(model.optimizer, keras.optimizers.LossScaleOptimizer)
    expected = Lasso(alpha=ALPHA, fit_intercept=False).fit(X, Y.ravel()).coef_
    np.testing.assert_array_equal(kernel(model).ravel() == 0, expected == 0)
    np.testing.assert_allclose(kernel(model).ravel(), expected, atol=2e-2)


def test_compiled_steps_are_the_same():
    if keras.backend.backend() == "torch":
        pytest.skip("jit_compile is torch.compile there, and needs a C++ compiler")
    plain, jitted = (kernel(solve(optimizers.ProximalAdam(0.05), L1, 50, jit_compile=jit)) for jit in (False, True))
    np.testing.assert_allclose(plain, jitted, atol=1e-5)


def group_problem():
    random = np.random.default_rng(3)
    x = random.normal(size=(60, 8)).astype("float32") * np.linspace(0.3, 2, 8, dtype="float32")
    weights = np.zeros((8, 3))
    weights[[1, 4, 6]] = random.normal(size=(3, 3)) * 2
    return x, (x @ weights + 0.1 * random.normal(size=(60, 3))).astype("float32")


def proximal_gradient(x, y, strength, alpha=0.0, steps=20000):
    """Solves mean((y − xw)²) + strength Σ_rows ((1 − alpha) √p ‖w_row‖ + alpha ‖w_row‖₁), in float64."""
    x, y = x.astype("float64"), y.astype("float64")
    length = y.size / (2 * np.linalg.norm(x, 2) ** 2)
    w = np.zeros((x.shape[1], y.shape[1]))
    for _ in range(steps):
        v = w - length * 2 * x.T @ (x @ w - y) / y.size
        v = np.sign(v) * np.clip(abs(v) - length * strength * alpha, 0, None)
        for row in v:
            size, cut = np.linalg.norm(row), length * strength * (1 - alpha) * np.sqrt(len(row))
            row *= 0 if size <= cut else 1 - cut / size
        w = v
    return w


@pytest.mark.parametrize("optimizer", [lambda: optimizers.ProximalSGD(0.2), lambda: optimizers.ProximalAdam(0.05)])
@pytest.mark.parametrize("alpha", [0.0, 0.4])
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="a thousand eager steps take half a minute")
def test_groups_have_the_solution_of_an_independent_solver(optimizer, alpha):
    x, y = group_problem()
    regularizer = (
        regularizers.SparseGroupLasso(0.3, alpha, "inputs") if alpha else regularizers.GroupLasso(0.3, "inputs")
    )
    expected = proximal_gradient(x, y, 0.3, alpha)
    weights = kernel(solve(optimizer(), regularizer, 1000, x, y))
    assert (expected == 0).all(1).sum() >= 4
    np.testing.assert_array_equal(weights == 0, expected == 0)
    np.testing.assert_allclose(weights, expected, atol=2e-4)


def test_the_operator_of_groups_in_a_metric_against_root_finding():
    random = np.random.default_rng(0)
    regularizer = regularizers.GroupLasso(0.3)
    for spread in (0.0, 0.5, 3.0, 6.0):
        x = random.normal(size=(6, 5)).astype("float32")
        steps = np.exp(spread * random.normal(size=(6, 5))).astype("float32")
        got = keras.ops.convert_to_numpy(regularizer.weighted_prox(x, steps))
        cuts = 0.3 * np.sqrt(6) * steps.astype("float64")
        for column, cut, found in zip(x.T, cuts.T, got.T, strict=True):
            excess = lambda r, column=column, cut=cut: np.linalg.norm(column / (r + cut)) - 1  # noqa: E731
            root = brentq(excess, 0, 100, xtol=1e-14) if excess(0) > 0 else 0
            np.testing.assert_allclose(found, column * root / (root + cut), atol=1e-6)
    same = np.full_like(x, 0.7)
    for each in (regularizer, regularizers.SparseGroupLasso(0.3)):
        np.testing.assert_allclose(
            keras.ops.convert_to_numpy(each.weighted_prox(x, same)),
            keras.ops.convert_to_numpy(each.prox(x, 0.7)),
            atol=1e-6,
        )


def test_strengths_that_move_have_the_solution_of_their_end(lasso):
    for strength, penalty in ((Linear(0.0, 1.0, steps=100), L1), (0.5, keras.regularizers.L1(4 * ALPHA))):
        model = solve(optimizers.ProximalAdam(0.05), regularizers.Scheduled(penalty, strength))
        np.testing.assert_array_equal(kernel(model).ravel() == 0, lasso == 0)
        np.testing.assert_allclose(kernel(model).ravel(), lasso, atol=1e-5)


def test_a_strength_that_is_set_from_outside_acts_at_once(lasso):
    scheduled = regularizers.Scheduled(L1, 0.0)
    model = solve(optimizers.ProximalSGD(0.1), scheduled, 50)
    assert (kernel(model) == 0).sum() == 0
    model.layers[0].kernel_regularizer._strength.set(1.0)
    x, y = np.tile(X, (100, 1)), np.tile(Y, (100, 1))
    model.fit(x, y, batch_size=60, epochs=2, shuffle=False, verbose=0)
    np.testing.assert_array_equal(kernel(model).ravel() == 0, lasso == 0)


def test_the_gradient_of_a_moving_penalty_is_taken_out_at_its_strength_of_that_step():
    # A gradient left over from one step to the next would be in the weights of plain steps of a loss without gradient.
    penalty = regularizers.Scheduled(keras.regularizers.L2(1.0), Linear(0.0, 1.0, steps=4))
    model = linear(3, optimizers.ProximalSGD(0.1), penalty, loss=lambda y, p: keras.ops.mean(p) * 0)
    start = kernel(model)
    model.fit(np.ones((4, 3)), np.ones((4, 1)), batch_size=1, shuffle=False, verbose=0)
    expected = start / np.prod([1 + 2 * 0.1 * strength for strength in (0, 0.25, 0.5, 0.75)])
    np.testing.assert_allclose(kernel(model), expected, rtol=1e-6)


def test_the_penalty_is_in_history():
    model = linear(20, optimizers.ProximalSGD(0.1), L1)
    shown = model.evaluate(X, Y, verbose=0)
    error = np.mean((Y - X @ kernel(model)) ** 2)
    assert shown == pytest.approx(error + 2 * ALPHA * abs(kernel(model)).sum(), rel=1e-5)


@pytest.mark.parametrize(
    ("proximal", "base"),
    [
        (optimizers.ProximalSGD, keras.optimizers.SGD),
        (optimizers.ProximalAdam, keras.optimizers.Adam),
        (optimizers.ProximalAdamW, keras.optimizers.AdamW),
        (optimizers.ProximalRMSprop, keras.optimizers.RMSprop),
        (optimizers.ProximalAdagrad, keras.optimizers.Adagrad),
    ],
)
def test_at_strength_zero_it_is_the_plain_optimizer(proximal, base):
    for zero in (keras.regularizers.L1(0.0), regularizers.GroupLasso(0.0)):
        assert_same(
            trained(small(regularizer=zero), proximal(0.01)), trained(small(regularizer=zero), base(0.01)), 1e-6
        )


def test_penalties_without_an_operator_act_by_their_gradient():
    penalized = regularizers.Hoyer(0.1)
    model, optimizer = small(regularizer=penalized), optimizers.ProximalSGD(0.1)
    with pytest.warns(NoEffectWarning, match="no penalty to take a proximal step for"):
        optimizer.build(model.trainable_variables)
    assert_same(trained(model, optimizer), trained(small(regularizer=penalized), keras.optimizers.SGD(0.1)))


def test_a_model_without_penalties_is_told_once():
    model, optimizer = small(), optimizers.ProximalAdam(0.01)
    with pytest.warns(NoEffectWarning, match=r"Set one on the layers, such as kernel_regularizer="):
        optimizer.build(model.trainable_variables)
    trained(model, optimizer)  # a second warning would be an error


@keras.saving.register_keras_serializable("keras_regkit_tests")
class OwnGroups(keras.regularizers.Regularizer):
    """Groups that know no step per weight."""

    def __call__(self, x):
        return keras.ops.sum(keras.ops.norm(x, axis=0))

    def member_axes(self, shape):
        return (0,)

    def prox(self, x, step):
        return x

    def get_config(self):
        return {}


def test_groups_that_know_no_step_per_weight_are_refused_where_there_is_one():
    with pytest.raises(ValueError, match=r"method `weighted_prox\(x, steps\)`, or use ProximalSGD"):
        trained(small(regularizer=OwnGroups()), optimizers.ProximalAdam(0.01))
    trained(small(regularizer=OwnGroups()), optimizers.ProximalSGD(0.01))


def test_optimizers_without_a_metric_are_refused():
    class ProximalLion(optimizers.Proximal, keras.optimizers.Lion):
        pass

    class OwnAdam(keras.optimizers.Adam):
        def update_step(self, gradient, variable, learning_rate):
            pass

    for make in (ProximalLion, lambda: optimizers.mix(keras.optimizers.Lion, optimizers.Proximal)):
        with pytest.raises(ValueError, match=r"\['Adagrad', 'Adam', .*'SGD'\].*Received: Lion"):
            make()
    with pytest.raises(ValueError, match="Received: OwnAdam"):
        optimizers.mix(OwnAdam, optimizers.Proximal)
