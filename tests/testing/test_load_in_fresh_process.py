import keras
import numpy as np
import pytest

from keras_regkit.testing import SavedModels, load_in_fresh_process


def test_error_of_one_file_leaves_the_others(tmp_path):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1, "tanh", kernel_regularizer="l2")])
    model.compile("sgd", "mse")
    model.save(tmp_path / "good.keras")
    (tmp_path / "bad.keras").write_bytes(b"no model")
    x, y = np.ones((3, 2), "float32"), np.ones((3, 1), "float32")

    bad, good, unscored = load_in_fresh_process(
        [tmp_path / "bad.keras", tmp_path / "good.keras", tmp_path / "good.keras"], [x, x, x], [None, y, None]
    )

    kernel, bias = model.get_weights()
    outputs = np.tanh(x @ kernel + bias)
    assert bad.error is not None
    assert bad.outputs == []
    assert good.error is None
    np.testing.assert_allclose(good.outputs[0], outputs, rtol=1e-5)
    assert good.penalty == pytest.approx(0.01 * np.sum(kernel**2), rel=1e-5)
    assert good.loss == pytest.approx(np.mean((outputs - 1) ** 2) + good.penalty, rel=1e-5)
    assert unscored.loss is None


def test_import_that_fails_is_reported(tmp_path):
    with pytest.raises(RuntimeError, match="No module named 'no_such_module'"):
        load_in_fresh_process([], [], imports=("no_such_module",))


def test_class_of_main_is_refused(tmp_path):
    class Homeless(keras.layers.Layer):
        pass

    Homeless.__module__ = "__main__"
    model = keras.Sequential([keras.Input((2,)), Homeless()])
    with pytest.raises(ValueError, match="can be imported"):
        SavedModels(tmp_path).add(model.layers[0], model, np.ones((1, 2)))
