"""What is done to gradients, against NumPy written otherwise."""

import keras
import numpy as np
import pytest
from problems import assert_same, data, small, trained

from keras_regkit import optimizers
from keras_regkit._core.backend import to_numpy


class Variable:
    """A step of SGD on one variable."""

    def __init__(self, optimizer, value, name="kernel"):
        self.variable = keras.Variable(np.array(value, "float32"), name=name)
        self.optimizer = optimizer
        optimizer.build([self.variable])

    def step(self, gradient):
        """Returns the gradient as the optimizer took it: at a learning rate of 1, the change."""
        before = to_numpy(self.variable)
        self.optimizer.apply([keras.ops.convert_to_tensor(gradient, "float32")], [self.variable])
        return before - to_numpy(self.variable)


@pytest.mark.parametrize("shape", [(4, 3), (3, 2, 5), (3, 3, 2, 4)])
def test_units_are_clipped_to_a_share_of_their_norm(shape):
    random = np.random.default_rng(0)
    weight, gradient = random.normal(size=shape), random.normal(size=shape) * np.logspace(-3, 0, shape[-1])
    weight[..., 0] *= 1e-6  # below the floor
    taken = Variable(optimizers.AdaptiveGradientClippingSGD(1.0, clipping=0.1, clipping_floor=0.01), weight).step(
        gradient
    )
    for unit in range(shape[-1]):
        g, w = gradient[..., unit], weight[..., unit]
        most = 0.1 * max(np.sqrt((w**2).sum()), 0.01)
        size = np.sqrt((g**2).sum())
        np.testing.assert_allclose(taken[..., unit], g if size <= most else g * most / size, atol=1e-6)
    assert not np.allclose(taken, gradient)


@pytest.mark.parametrize(("name", "axis"), [("bias", None), ("embeddings", 1)])
def test_vectors_are_one_unit_and_rows_of_embeddings_are_units(name, axis):
    weight = np.ones(4) if name == "bias" else np.ones((3, 4))
    gradient = np.arange(weight.size).reshape(weight.shape) + 1.0
    taken = Variable(optimizers.AdaptiveGradientClippingSGD(1.0, clipping=0.1), weight, name).step(gradient)
    norms = np.sqrt((gradient**2).sum(axis, keepdims=True))
    np.testing.assert_allclose(taken, gradient / norms * 0.1 * 2, rtol=1e-4)


@pytest.mark.parametrize("shape", [(4, 3), (3, 3, 2, 4)])
def test_centralized_gradients_have_no_mean_in_any_unit(shape):
    gradient = np.random.default_rng(0).normal(size=shape) + 1
    taken = Variable(optimizers.GradientCentralizationSGD(1.0), np.zeros(shape)).step(gradient)
    matrix = gradient.reshape(-1, shape[-1])
    expected = (np.eye(len(matrix)) - 1 / len(matrix)) @ matrix
    np.testing.assert_allclose(taken.reshape(matrix.shape), expected, atol=1e-5)


@pytest.mark.parametrize(("shape", "name"), [((4,), "bias"), ((4, 3), "embeddings"), ((4, 3), "head")])
def test_vectors_embeddings_and_what_is_named_are_not_centralized(shape, name):
    optimizer = optimizers.GradientCentralizationSGD(1.0, centralize_exclude=["head"])
    np.testing.assert_allclose(Variable(optimizer, np.zeros(shape), name).step(np.ones(shape)), 1)


def test_noise_has_the_variance_of_the_paper_and_no_mean():
    variable = Variable(optimizers.GradientNoiseSGD(1.0, eta=0.3, gamma=0.55, seed=1), np.zeros((200, 100)))
    draws = [variable.step(np.zeros((200, 100))) for _ in range(4)]
    for t, noise in enumerate(draws):
        # 20,000 draws: the mean is within 4 standard errors of 0, the variance within 4 of what it shall be.
        variance = 0.3 / (1 + t) ** 0.55
        assert abs(noise.mean()) < 4 * np.sqrt(variance / noise.size)
        assert abs(noise.var() / variance - 1) < 4 * np.sqrt(2 / noise.size)
    assert abs(np.corrcoef([d.ravel() for d in draws]) - np.eye(4)).max() < 4 / np.sqrt(20000)


def test_noise_differs_between_variables_and_seeds_and_is_the_same_for_the_same_seed():
    def noise(seed):
        optimizer = optimizers.GradientNoiseSGD(1.0, eta=1.0, seed=seed)
        variables = [keras.Variable(np.zeros(50, "float32")) for _ in range(2)]
        optimizer.build(variables)
        for _ in range(2):
            optimizer.apply([keras.ops.zeros(50), keras.ops.zeros(50)], variables)
        return [to_numpy(v) for v in variables]

    first, again, other, unseeded = noise(0), noise(0), noise(1), noise(None)
    assert_same(first, again, 0)
    for a, b in ((first[0], first[1]), (first[0], other[0]), (first[0], unseeded[0])):
        assert abs(a - b).max() > 0.1


@pytest.mark.parametrize(
    ("cls", "arguments"),
    [
        (optimizers.GradientNoiseSGD, {"eta": 0.0}),
        (optimizers.AdaptiveGradientClippingSGD, {"clipping": 1e9}),
        (optimizers.AdaptiveGradientClippingSGD, {"clipping": 1e-3, "clipping_exclude": ["kernel", "bias"]}),
        (optimizers.GradientCentralizationSGD, {"centralize_exclude": ["hidden/.*", "outputs/kernel"]}),
        (optimizers.LookaheadSGD, {"slow_step": 1.0}),
        (optimizers.WeightDecayPolicySGD, {}),
    ],
)
def test_turned_off_they_are_the_plain_optimizer(cls, arguments):
    assert_same(trained(small(), cls(0.1, **arguments)), trained(small(), keras.optimizers.SGD(0.1)), 1e-7)


def test_gradients_of_embeddings_are_taken_too():
    # No word twice: on TensorFlow, Keras' Adam squares the parts of the gradient of a word before it adds them up.
    x, y = np.array([[0, 1], [2, 3]]), np.ones((2, 1), "float32")

    def after(optimizer):
        start = keras.initializers.RandomNormal(seed=0)
        layers = [keras.Input((2,)), keras.layers.Embedding(5, 3, start), keras.layers.Flatten()]
        model = keras.Sequential([*layers, keras.layers.Dense(1, kernel_initializer=start)])
        model.compile(optimizer, "mse")
        model.fit(x, y, epochs=3, verbose=0)
        return model.get_weights()

    mixins = (optimizers.AdaptiveGradientClipping, optimizers.GradientCentralization, optimizers.Lookahead)
    mixed = optimizers.mix(keras.optimizers.Adam, *mixins)
    arguments = {"clipping": 1e9, "centralize_exclude": ["kernel"], "slow_step": 1.0}
    assert_same(after(mixed(0.1, **arguments)), after(keras.optimizers.Adam(0.1)), 1e-6)
    moved = after(optimizers.GradientNoiseSGD(0.1, eta=1e-4, seed=0))
    assert np.isfinite(moved[0]).all()


def test_gradients_are_clipped_after_they_were_accumulated():
    x, y = data(8)
    whole, halves = small(), small()
    for model, batch, steps in ((whole, 8, None), (halves, 4, 2)):
        optimizer = optimizers.AdaptiveGradientClippingSGD(1.0, clipping=0.05, gradient_accumulation_steps=steps)
        model.compile(optimizer, "mse")
        model.fit(x, y, batch_size=batch, shuffle=False, verbose=0)
    assert_same(whole.get_weights(), halves.get_weights(), 1e-5)
