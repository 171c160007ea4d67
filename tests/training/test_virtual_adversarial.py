"""Virtual adversarial training where the worst direction is known."""

import keras
import numpy as np
import pytest
from extra_passes import X, Y, fit, linear, number, softmax

from keras_regkit.training import VirtualAdversarial


def penalty(model, x, y, sample_weight=None, **arguments):
    """Returns what a training step adds to the loss."""
    wrapper = VirtualAdversarial(model, seed=0, **arguments)
    outputs = wrapper(x, training=True)
    loss = wrapper.compute_loss(x, y, outputs, sample_weight, training=True)
    return number(loss) - number(wrapper.data_loss(y, outputs, sample_weight))


def test_a_linear_model():
    # The worst direction is that of the weights, and the squared difference (ε‖w‖)² for each sample.
    model = linear(1, "mse")
    weight = np.linspace(0, 2, 16).astype("float32")
    expected = 0.3 * (0.5**2) * np.sum(model.get_weights()[0] ** 2)
    assert penalty(model, X, X[:, :1], epsilon=0.5, alpha=0.3) == pytest.approx(expected, rel=1e-4)
    assert penalty(model, X, X[:, :1], weight, epsilon=0.5, alpha=0.3) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("logits", [False, True])
def test_a_logistic_model(logits):
    # Where both classes are equally likely, it does not matter in which of the two directions a sample moves.
    model = linear(1, keras.losses.BinaryCrossentropy(from_logits=logits), activation=None if logits else "sigmoid")
    kernel, _ = model.get_weights()
    model.set_weights([kernel, np.zeros(1)])
    q = 1 / (1 + np.exp(-0.5 * np.sqrt(np.sum(kernel**2))))
    expected = 0.5 * np.log(0.5 / q) + 0.5 * np.log(0.5 / (1 - q))
    found = penalty(model, np.zeros((16, 4), "float32"), (Y[:, None] > 0).astype("float32"), epsilon=0.5)
    assert found == pytest.approx(expected, rel=1e-4)


def test_power_iterations_find_the_worst_direction():
    # For small moves KL is ½ rᵀ (W F Wᵀ) r, with the Fisher information F of the logits.
    model = linear(4, "sparse_categorical_crossentropy", activation="softmax")
    kernel, bias = model.get_weights()
    p = softmax(bias)
    largest = np.linalg.eigvalsh(kernel @ (np.diag(p) - np.outer(p, p)) @ kernel.T).max()
    arguments = {"x": np.zeros((64, 4), "float32"), "y": np.tile(Y, 4), "epsilon": 0.02, "xi": 0.01}
    worst = penalty(model, **arguments, power_iterations=25)
    assert worst == pytest.approx(0.5 * 0.02**2 * largest, rel=0.02)
    assert penalty(model, **arguments) < 0.98 * worst


def test_no_gradient_through_what_stands():
    # L = (w x − y)² + α (p − w (x + r))²  with p and r constant, at y = w x:  dL/dw = 2 α w r (x + r).
    model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False)])
    model.set_weights([np.array([[0.7]])])
    model.compile(keras.optimizers.SGD(0.1), "mse")
    x = np.array([[2.0]], "float32")
    fit(VirtualAdversarial(model, 0.5, alpha=0.4, seed=0), x, 0.7 * x)
    steps = [0.7 - 0.1 * 2 * 0.4 * 0.7 * r * (2 + r) for r in (0.5, -0.5)]
    assert min(abs(model.get_weights()[0][0, 0] - w) for w in steps) < 1e-5


def test_the_move_has_the_length_of_epsilon_over_all_inputs():
    one, two = keras.Input((2,), name="one"), keras.Input((3, 1), name="two")
    x = keras.layers.Concatenate()([one, keras.layers.Flatten()(two)])
    model = keras.Model({"one": one, "two": two}, keras.layers.Dense(1, use_bias=False)(x))
    model.compile("sgd", "mse")
    found = penalty(model, {"one": X[:, :2], "two": X[:, :3, None]}, X[:, :1], epsilon=0.5)
    assert found == pytest.approx(0.25 * np.sum(model.get_weights()[0] ** 2), rel=1e-4)


def test_it_smooths_predictions():
    def divergence(alpha):
        model = linear(3, "sparse_categorical_crossentropy", activation="softmax")
        wrapper = VirtualAdversarial(model, 0.5, alpha=alpha, seed=0)
        return fit(wrapper, epochs=40)["virtual_adversarial"][-1]

    assert divergence(5.0) < divergence(0.0) / 2
