"""Starting points and importances: kept exactly, through config, copies and files."""

import json

import keras
import numpy as np
import pytest

from keras_regkit._core.arrays import decode_array, encode_array, read_array
from keras_regkit.regularizers import L2SP, WeightedL2

RANDOM = np.random.default_rng(0)
X, Y = RANDOM.normal(size=(16, 3)).astype("float32"), RANDOM.normal(size=(16, 2)).astype("float32")


def total(model):
    return float(keras.ops.convert_to_numpy(sum(model.losses)))


def tuned():
    """A model whose kernel is held to where it was before training."""
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(2)])
    kernel = model.layers[0].kernel
    start = keras.ops.convert_to_numpy(kernel).copy()
    model.layers[0].kernel_regularizer = kernel.regularizer = L2SP(0.5, reference=kernel)
    model.compile(keras.optimizers.SGD(0.1), "mse")
    return model, start


@pytest.mark.parametrize("shape", [(), (3,), (2, 0), (2, 3, 4)])
def test_arrays_survive_json_bit_by_bit(shape):
    array = RANDOM.normal(size=shape).astype("float32")
    again = decode_array(json.loads(json.dumps(encode_array(array))))
    np.testing.assert_array_equal(again, array)
    assert (again.shape, again.dtype) == (array.shape, array.dtype)


@pytest.mark.parametrize("given", ["variable", "tensor", "float64", "list", "float16"])
def test_references_are_taken_from_anything_that_holds_numbers(given):
    array = np.array([[1.5, -2.0]], "float32")
    values = {
        "variable": keras.Variable(array),
        "tensor": keras.ops.convert_to_tensor(array),
        "float64": array.astype("float64"),
        "list": array.tolist(),
        "float16": keras.ops.cast(array, "float16"),
    }
    np.testing.assert_array_equal(read_array("reference", values[given]), array)


def test_the_reference_is_a_copy():
    array = np.ones((2, 2), "float32")
    regularizer = L2SP(1.0, array)
    array += 1
    assert float(keras.ops.convert_to_numpy(regularizer(np.ones((2, 2), "float32")))) == 0


def test_reference_stays_where_training_began_and_survives_saving(tmp_path):
    model, start = tuned()
    assert total(model) == 0
    model.fit(X, Y, epochs=2, verbose=0)
    moved = model.get_weights()[0]
    expected = 0.25 * np.square(moved.astype("float64") - start).sum()
    assert expected > 1e-4
    assert total(model) == pytest.approx(expected, rel=1e-4)
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert total(loaded) == pytest.approx(expected, rel=1e-4)
    np.testing.assert_array_equal(loaded.layers[0].kernel_regularizer.reference, start)
    clone = keras.models.clone_model(loaded)
    clone.set_weights(loaded.get_weights())
    assert total(clone) == pytest.approx(expected, rel=1e-4)


def test_a_strong_pull_keeps_the_weights_at_the_reference():
    distances = []
    for strength in (0.0, 10.0):
        keras.utils.set_random_seed(0)
        model, start = tuned()
        model.layers[0].kernel.regularizer = L2SP(strength, start)
        model.compile(keras.optimizers.SGD(0.05), "mse")
        model.fit(X, Y, epochs=20, verbose=0)
        distances.append(np.linalg.norm(model.get_weights()[0] - start))
    assert distances[1] < 0.3 * distances[0]


def test_config_is_plain_and_gives_the_same_arrays():
    regularizer = WeightedL2(0.5, [[0.1, 0.2]], [[1.0, 2.0]])
    config = regularizer.get_config()
    again = WeightedL2.from_config(json.loads(json.dumps(config)))
    assert again.get_config() == config
    np.testing.assert_array_equal(again.importance, np.array([[0.1, 0.2]], "float32"))
    np.testing.assert_array_equal(again.reference, np.array([[1.0, 2.0]], "float32"))
    # What a caller does to a config must not reach the regularizer.
    config["importance"]["float32"] = "gone"
    assert regularizer.get_config()["importance"]["float32"] != "gone"


def test_a_reference_of_another_shape_is_refused_by_the_layer():
    layer = keras.layers.Dense(2, kernel_regularizer=L2SP(0.1, np.zeros((4, 2))))
    layer.build((None, 3))
    with pytest.raises(ValueError, match=r"`reference` must have the shape.*\(3, 2\).*\(4, 2\)"):
        _ = layer.losses
