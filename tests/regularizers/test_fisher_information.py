import itertools

import keras
import numpy as np
import pytest

from keras_regkit.regularizers import WeightedL2, fisher_information

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(12, 3)).astype("float32")
BITS = (RANDOM.uniform(size=(12, 1)) < 0.5).astype("float32")
WEIGHTS = RANDOM.uniform(0.5, 2, size=12).astype("float32")


@pytest.fixture(scope="module")
def logistic():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1, "sigmoid", kernel_regularizer="l2")])
    model.compile("sgd", "binary_crossentropy")
    return model


def squared_gradients(model, x, y):
    """For a logistic regression: ∂loss/∂w = (p − y) x, per example."""
    kernel, bias = (w.astype("float64") for w in model.get_weights())
    p = 1 / (1 + np.exp(-(x @ kernel + bias)))
    return ((p - y) * x) ** 2, (p - y) ** 2


def test_logistic_regression_has_a_closed_form(logistic):
    fisher = fisher_information(logistic, (X, BITS))
    kernel, bias = squared_gradients(logistic, X, BITS)
    assert list(fisher) == [v.path for v in logistic.trainable_variables]
    assert all(array.dtype == "float32" for array in fisher.values())
    np.testing.assert_allclose(fisher[logistic.layers[0].kernel.path][:, 0], kernel.mean(0), rtol=1e-3, atol=1e-6)
    np.testing.assert_allclose(fisher[logistic.layers[0].bias.path], bias.mean(0), rtol=1e-3)


@pytest.mark.parametrize(
    "loss", ["binary_crossentropy", keras.losses.BinaryCrossentropy(), keras.losses.binary_crossentropy]
)
def test_a_loss_may_be_given(logistic, loss):
    fisher = fisher_information(logistic, (X, BITS), loss=loss)
    expected = squared_gradients(logistic, X, BITS)[1].mean(0)
    np.testing.assert_allclose(fisher[logistic.layers[0].bias.path], expected, rtol=1e-3)


def test_sample_weights_weigh_the_mean(logistic):
    fisher = fisher_information(logistic, (X, BITS, WEIGHTS))
    expected = np.average(squared_gradients(logistic, X, BITS)[0], axis=0, weights=WEIGHTS)
    np.testing.assert_allclose(fisher[logistic.layers[0].kernel.path][:, 0], expected, rtol=1e-3, atol=1e-6)


def test_a_sample_is_drawn_by_its_seed(logistic):
    path = logistic.layers[0].bias.path
    draws = [float(fisher_information(logistic, (X, BITS), samples=4, seed=seed)[path][0]) for seed in (0, 0, 1)]
    assert draws[0] == draws[1] != draws[2]
    squares = squared_gradients(logistic, X, BITS)[1].ravel()
    means = [squares[list(rows)].mean() for rows in itertools.combinations(range(12), 4)]
    assert min(abs(np.array(means) - draws[0])) < 1e-5


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 3

    def __getitem__(self, index):
        return X[4 * index : 4 * index + 4], BITS[4 * index : 4 * index + 4]


def test_datasets_are_read_in_order(logistic):
    path = logistic.layers[0].bias.path
    squares = squared_gradients(logistic, X, BITS)[1]
    for samples, rows in ((None, 12), (4, 4)):
        fisher = fisher_information(logistic, Batches(), samples=samples)
        np.testing.assert_allclose(fisher[path], squares[:rows].mean(0), rtol=1e-3)


def test_nothing_in_the_model_changes_and_dropout_is_off():
    inputs = keras.Input((4,), dtype="int32")
    h = keras.layers.Embedding(5, 3)(inputs)
    h = keras.layers.BatchNormalization()(keras.layers.Flatten()(h))
    h = keras.layers.Dropout(0.9, seed=1)(h)
    model = keras.Model(inputs, [keras.layers.Dense(2, name="a")(h), keras.layers.Dense(1, name="b")(h)])
    model.compile("sgd", ["mse", "mse"])
    tokens = RANDOM.integers(0, 4, size=(6, 4)).astype("int32")
    y = (np.ones((6, 2), "float32"), np.ones((6, 1), "float32"))
    before = [keras.ops.convert_to_numpy(v).copy() for v in model.variables]
    one, two = (fisher_information(model, (tokens, y)) for _ in range(2))
    for path, array in one.items():
        np.testing.assert_array_equal(array, two[path])
        assert array.any()
    for v, value in zip(model.variables, before, strict=True):
        np.testing.assert_array_equal(keras.ops.convert_to_numpy(v), value)
    assert not one[model.layers[1].embeddings.path][4].any()  # a token that does not occur


def test_consolidation_moves_what_does_not_matter():
    # Only the first input mattered for the old task; the new one can be learned from either.
    old_x = np.zeros((20, 2), "float32")
    old_x[:, 0] = RANDOM.normal(size=20)
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="zeros")])
    model.compile(keras.optimizers.SGD(0.05), "mse")
    kernel = model.layers[0].kernel
    fisher = fisher_information(model, (old_x, old_x[:, :1]))[kernel.path]
    assert fisher[0] > 1
    assert fisher[1] == 0
    kernel.regularizer = WeightedL2(2.0, fisher, kernel)
    model.compile(keras.optimizers.SGD(0.02), "mse")
    same = np.repeat(RANDOM.normal(size=(40, 1)), 2, axis=1).astype("float32")
    model.fit(same, same[:, :1], epochs=60, verbose=0)
    moved = np.abs(model.get_weights()[0].ravel())
    assert moved[1] > 0.7
    assert moved[0] < 0.3


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"samples": 0}, ValueError, "`samples` must be in"),
        ({"samples": True}, TypeError, "`samples` must be an integer"),
        ({"seed": -1}, ValueError, "`seed` must be in"),
        ({"data": (X, BITS[:3])}, ValueError, "equally many rows"),
        ({"data": X}, TypeError, "`data` must be"),
        ({"data": (X, BITS, np.zeros(12))}, ValueError, "a sum above 0"),
    ],
)
def test_bad_input_is_refused(logistic, arguments, error, message):
    with pytest.raises(error, match=message):
        fisher_information(logistic, **{"data": (X, BITS), **arguments})


def test_a_loss_is_needed():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    with pytest.raises(ValueError, match="`loss` must be given"):
        fisher_information(model, (X, BITS))
