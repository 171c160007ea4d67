"""Augmentation acts in training, and where a layer is called by itself; in no other call of a model."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation.image import Compose, RandomCrop, RandomFlip, RandomRotation
from keras_regkit.augmentation.time_series import Jitter

X = np.random.default_rng(0).uniform(0, 255, (4, 8, 8, 3)).astype("float32")


def numpy(x):
    return keras.ops.convert_to_numpy(x)


@pytest.fixture(scope="module")
def model():
    inputs = keras.Input((8, 8, 3))
    x = Compose([RandomRotation(0.3)])(inputs)
    x = keras.layers.Dropout(0.5)(x)
    outputs = keras.layers.Conv2D(3, 1, kernel_initializer="ones", use_bias=False)(x)
    model = keras.Model(inputs, outputs)
    model.compile("sgd", "mse")
    return model


def expected(x):
    return np.repeat(x.sum(-1, keepdims=True), 3, axis=-1)


def test_by_itself_a_layer_augments():
    assert not np.array_equal(numpy(RandomRotation(0.3)(X)), X)
    np.testing.assert_array_equal(numpy(RandomRotation(0.3)(X, training=False)), X)


def test_a_model_called_without_training_predicts(model):
    np.testing.assert_allclose(numpy(model(X)), expected(X), rtol=1e-5)
    np.testing.assert_allclose(model.predict(X, verbose=0), expected(X), rtol=1e-5)
    assert not np.allclose(numpy(model(X, training=True)), expected(X), rtol=1e-3)


def test_training_reaches_it_from_a_layer_around(model):
    around = keras.Sequential([keras.Input((8, 8, 3)), model])
    np.testing.assert_allclose(numpy(around(X)), expected(X), rtol=1e-5)
    assert not np.allclose(numpy(around(X, training=True)), expected(X), rtol=1e-3)


def test_a_model_of_nothing_but_augmentation_augments():
    augment = keras.Sequential([RandomRotation(0.3), keras.layers.Rescaling(1.0)])
    assert not np.array_equal(numpy(augment(X)), X)
    np.testing.assert_array_equal(numpy(augment(X, training=False)), X)


def test_an_exported_model_predicts(model, tmp_path):
    tf = pytest.importorskip("tensorflow")
    if keras.backend.backend() == "torch":
        pytest.skip("Keras exports to TensorFlow's format from TensorFlow and JAX")
    model.export(tmp_path / "exported", verbose=False)
    loaded = tf.saved_model.load(tmp_path / "exported")
    np.testing.assert_allclose(numpy(loaded.serve(X)), expected(X), rtol=1e-5)


def test_what_a_layer_refused_leaves_the_next_call_alone(model):
    with pytest.raises((TypeError, ValueError)):
        RandomCrop(4, 4)("no image")
    np.testing.assert_allclose(numpy(model(X)), expected(X), rtol=1e-5)
    assert not np.array_equal(numpy(RandomRotation(0.3)(X)), X)


def two_layers():
    inputs = keras.Input((8, 8, 3))
    x = RandomRotation(0.3)(inputs)
    x = RandomFlip()(keras.layers.Dropout(0.5)(x))
    conv = keras.layers.Conv2D(3, 1, kernel_initializer="ones", use_bias=False)
    return keras.Model(inputs, conv(x))


class OfParts(keras.Model):
    """A model that does not hand `training` on, as many do not."""

    def __init__(self):
        super().__init__()
        self.first, self.second = RandomRotation(0.3), RandomFlip()
        self.conv = keras.layers.Conv2D(3, 1, kernel_initializer="ones", use_bias=False)

    def call(self, x, training=None):
        return self.conv(self.second(self.first(x)))


@pytest.mark.parametrize("make", [two_layers, OfParts])
def test_no_layer_of_several_acts_where_the_model_predicts(make):
    if make is OfParts and keras.backend.backend() == "jax":
        pytest.skip("Keras on JAX calls `call` itself, so that a model has to hand `training` on; to Dropout too")
    model = make()
    model.compile("sgd", "mse")
    for outputs in (model(X), model.predict(X, verbose=0), model(X, training=False)):
        np.testing.assert_allclose(numpy(outputs), expected(X), rtol=1e-5)
    assert not np.allclose(numpy(model(X, training=True)), expected(X), rtol=1e-3)
    # `fit` on targets that only unchanged images meet.
    assert model.evaluate(X, expected(X), verbose=0) < 1e-3
    assert model.fit(X, expected(X), verbose=0).history["loss"][0] > 1
    if make is two_layers:
        again = keras.models.clone_model(model)
        again.set_weights(model.get_weights())
        np.testing.assert_allclose(again.predict(X, verbose=0), numpy(model(X)), rtol=1e-5)
        assert not np.allclose(numpy(again(X, training=True)), numpy(model(X)), rtol=1e-3)


def test_what_goes_along_in_a_dict_passes_a_functional_model():
    inputs = {"series": keras.Input((10, 2), name="series"), "lengths": keras.Input((), dtype="int32", name="lengths")}
    outputs = Jitter(0.5)(inputs)
    model = keras.Model(inputs, {"series": outputs["series"], "n": keras.layers.Rescaling(2)(outputs["lengths"])})
    x = {"series": np.ones((3, 10, 2), "float32"), "lengths": np.array([1, 5, 10], "int32")}
    seen = {key: numpy(value) for key, value in model(x, training=True).items()}
    np.testing.assert_array_equal(seen["n"], [2, 10, 20])
    np.testing.assert_array_equal((seen["series"] != 1).any(axis=2).sum(axis=1), x["lengths"])
    images = {"images": keras.Input((8, 8, 3), name="images"), "labels": keras.Input((), name="labels")}
    passed = RandomFlip()(images)
    model = keras.Model(images, passed)
    np.testing.assert_array_equal(numpy(model({"images": X, "labels": np.arange(4.0)})["labels"]), np.arange(4))
