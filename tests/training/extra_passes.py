"""Small models for the tests of methods that take further passes."""

import keras
import numpy as np
from keras import layers

from keras_regkit._core.backend import to_numpy

BACKEND = keras.backend.backend()
RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 4)).astype("float32")
Y = RANDOM.integers(0, 3, 16)


def noisy_net(dtype=None, optimizer="sgd", **compiled):
    """A classifier with all that changes in a pass: dropout with and without a seed, moving averages, metrics."""
    keras.utils.set_random_seed(3)
    model = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(8, activation="tanh", kernel_regularizer=keras.regularizers.L2(0.01), dtype=dtype),
            layers.BatchNormalization(momentum=0.5, dtype=dtype),
            layers.Dropout(0.3, seed=3, dtype=dtype),
            layers.Dense(8, activation="tanh", dtype=dtype),
            layers.Dropout(0.2, dtype=dtype),
            layers.Dense(3, activation="softmax", dtype=dtype),
        ]
    )
    model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"], **compiled)
    return model


def linear(units=1, loss="mse", inputs=4, activation=None, seed=0, **compiled):
    """A single dense layer with known weights."""
    model = keras.Sequential([keras.Input((inputs,)), layers.Dense(units, activation=activation)])
    random = np.random.default_rng(seed)
    model.set_weights([random.normal(size=(inputs, units)), random.normal(size=units)])
    model.compile(keras.optimizers.SGD(0.1), loss, **compiled)
    return model


def fit(model, x=X, y=Y, **arguments):
    """Fits on batches in order, with the generators of the backend set; returns History's dict."""
    keras.utils.set_random_seed(4)
    return model.fit(x, y, **{"batch_size": 8, "shuffle": False, "verbose": 0, **arguments}).history


def values(variables):
    return [to_numpy(variable) for variable in variables]


def number(tensor):
    return float(keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor)))


def array(tensor):
    return keras.ops.convert_to_numpy(keras.ops.stop_gradient(tensor))


def expect_close(found, expected, tolerance=1e-6):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=tolerance, atol=tolerance)


def expect_logs(found, expected, tolerance=1e-6):
    assert set(found) == set(expected)
    expect_close([found[key] for key in sorted(found)], [expected[key] for key in sorted(found)], tolerance)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
