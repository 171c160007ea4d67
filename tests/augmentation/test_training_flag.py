"""Augmentation acts in training, and where a layer is called by itself; in no other call of a model."""

import keras
import numpy as np
import pytest

from keras_regkit.augmentation.image import Compose, RandomCrop, RandomRotation

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
