"""What becomes of strengths when a model is rewritten."""

import keras
import numpy as np
import pytest

from keras_regkit import layers, regularizers, surgery
from keras_regkit.strengths import Linear, read

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


@pytest.fixture
def model():
    ramp = Linear(0.0, 0.5, steps=10)
    penalty = regularizers.Scheduled("l2", ramp, name="l2")
    model = keras.Sequential(
        [
            keras.Input((3,)),
            keras.layers.Dense(4, name="dense", kernel_regularizer=penalty),
            layers.Dropout(ramp, name="moving"),
            layers.Dropout(0.25, name="constant"),
            keras.layers.Dense(1, name="output"),
        ]
    )
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], batch_size=4, verbose=0)
    return model


def test_a_copy_goes_on_where_the_original_is(model):
    assert read(surgery.copy(model)) == read(model) == pytest.approx({"l2": 0.1, "moving": 0.1, "constant": 0.25})


def test_a_strength_set_anew_is_not_overwritten(model):
    new = surgery.replace(model, "moving|constant", lambda layer: layers.Dropout(0.75, name=layer.name))
    assert read(new) == pytest.approx({"l2": 0.1, "moving": 0.75, "constant": 0.75})


def test_a_layer_whose_penalty_becomes_a_moving_one_keeps_its_weights(model):
    def without(layer):
        return type(layer).from_config({**layer.get_config(), "kernel_regularizer": None})

    plain = surgery.replace(model, "^dense$", without)
    np.testing.assert_array_equal(plain.layers[0].get_weights()[0], model.layers[0].get_weights()[0])
    assert "l2" not in read(plain)


def test_a_copy_and_its_original_both_train_on(model):
    new = surgery.copy(model)
    for each in (new, model):
        each.fit(X, X[:, :1], batch_size=4, verbose=0)
    assert read(new)["moving"] == pytest.approx(0.2)
