"""Regression problems with known sparse solutions, and models to solve them."""

import keras
import numpy as np


def lasso_problem(rows=60, inputs=20, seed=0):
    """A linear problem that four of the inputs take part in."""
    random = np.random.default_rng(seed)
    x = random.normal(size=(rows, inputs)).astype("float32")
    y = x[:, :4] @ [3.0, -2.0, 1.5, 1.0] + 0.1 * random.normal(size=rows)
    return x, y.astype("float32")[:, None]


def linear(inputs, optimizer, regularizer, outputs=1, loss="mse", **compile_arguments):
    """A compiled linear model without bias, that starts from the same weights each time."""
    start = keras.initializers.RandomNormal(0.0, 0.1, seed=0)
    dense = keras.layers.Dense(
        outputs, use_bias=False, kernel_initializer=start, kernel_regularizer=regularizer, name="dense"
    )
    model = keras.Sequential([keras.Input((inputs,)), dense])
    model.compile(optimizer, loss, **compile_arguments)
    return model


def kernel(model):
    return model.layers[0].get_weights()[0]


def small(policy="float32", regularizer=None, seed=0):
    """A model of two layers with biases, not compiled."""
    random = np.random.default_rng(seed)
    inputs = keras.Input((6,))
    x = keras.layers.Dense(4, "tanh", kernel_regularizer=regularizer, dtype=policy, name="hidden")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(2, name="outputs")(x))
    model.set_weights([random.normal(size=w.shape).astype("float32") for w in model.get_weights()])
    return model


def data(rows=16, seed=1):
    random = np.random.default_rng(seed)
    return random.normal(size=(rows, 6)).astype("float32"), random.normal(size=(rows, 2)).astype("float32")


def trained(model, optimizer, epochs=2, batch_size=8, **compile_arguments):
    """Compiles and fits a model; returns its weights."""
    model.compile(optimizer, "mse", **compile_arguments)
    x, y = data()
    model.fit(x, y, epochs=epochs, batch_size=batch_size, shuffle=False, verbose=0)
    return model.get_weights()


def assert_same(a, b, tolerance=1e-6):
    for p, q in zip(a, b, strict=True):
        np.testing.assert_allclose(p, q, rtol=tolerance, atol=tolerance)
