import broken
import keras
import numpy as np
import pytest

from keras_regkit.testing import check_callback


def test_good_callback_passes():
    check_callback(broken.GoodCallback())


@pytest.mark.parametrize(
    ("name", "rule"),
    [
        ("EatsLogs", "fits_arrays"),
        ("LogsArrays", "fits_arrays"),
        ("BreaksWeights", "fits_arrays"),
        ("ReplacesHistory", "fits_arrays"),
        ("WorksOnce", "fits_again_with_the_same_instance"),
        ("WorksForOneModel", "fits_again_with_the_same_instance"),
        ("CountsOnBatches", "fits_from_a_dataset"),
    ],
)
def test_broken_callback_is_caught(name, rule):
    with pytest.raises(AssertionError, match=rf"{name} breaks the rule `{rule}`"):
        check_callback(getattr(broken, name))


@pytest.mark.skipif(keras.backend.backend() == "torch", reason="jit_compile is torch.compile there, and not checked")
def test_callback_that_breaks_in_jit_is_caught():
    with pytest.raises(AssertionError, match="NeedsNoJit breaks the rule `fits_with_jit`"):
        check_callback(broken.NeedsNoJit())


def test_data_and_fit_arguments_are_used():
    seen = {}

    class Probe(keras.callbacks.Callback):
        def on_train_begin(self, logs=None):
            seen.update(epochs=self.params["epochs"], shape=self.model.input_shape)

    data = np.ones((16, 7), "float32"), np.zeros((16, 2), "float32")
    check_callback(Probe(), {"epochs": 1}, data=data)
    assert seen == {"epochs": 1, "shape": (None, 7)}


def test_something_else_is_refused():
    with pytest.raises(TypeError, match="`callback` must be"):
        check_callback("early_stopping")
