"""Batch normalization: what a report says of it, and its statistics estimated anew."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import surgery
from keras_regkit._core.warnings import NoEffectWarning

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

RANDOM = np.random.default_rng(0)
X = (20 + RANDOM.normal(size=(10, 4)) * [1, 2, 3, 4]).astype("float32")


def numpy(tensor):
    return np.array(keras.ops.convert_to_numpy(tensor))


def deep(**norm):
    """Two normalizations, one of them nested, with dropout and noise that must stay off."""
    inner = keras.Sequential(
        [
            keras.Input((3,)),
            layers.Dropout(0.5, seed=0),
            layers.GaussianNoise(1.0, seed=0),
            layers.Dense(2, name="dense"),
            layers.BatchNormalization(name="norm", **norm),
        ],
        name="inner",
    )
    inputs = keras.Input((4,))
    x = layers.Dense(3, activation="tanh", name="first")(inputs)
    x = layers.BatchNormalization(name="norm", momentum=0.9, **norm)(x)
    model = keras.Model(inputs, layers.Dense(1, name="out")(inner(x)))
    rng = np.random.default_rng(1)
    for variable in model.weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape))
    model.get_layer("first").kernel.assign(0.02 * rng.normal(size=(4, 3)))
    return model


def expected(model, x, batch_size):
    """Both layers' statistics, by NumPy: batches are normalized by themselves, their moments pooled over the rows."""
    first, inner = model.get_layer("first"), model.get_layer("inner")
    kept = []
    for start in range(0, len(x), batch_size):
        h = np.tanh(x[start : start + batch_size] @ numpy(first.kernel) + numpy(first.bias))
        norm = model.get_layer("norm")
        out = (h - h.mean(0)) / np.sqrt(h.var(0) + norm.epsilon) * numpy(norm.gamma) + numpy(norm.beta)
        z = out @ numpy(inner.get_layer("dense").kernel) + numpy(inner.get_layer("dense").bias)
        kept.append((h, z))
    return [(np.concatenate(rows).mean(0), np.concatenate(rows).var(0)) for rows in zip(*kept, strict=True)]


def check(model, moments):
    for layer, (mean, variance) in zip(
        (model.get_layer("norm"), model.get_layer("inner").get_layer("norm")), moments, strict=True
    ):
        np.testing.assert_allclose(numpy(layer.moving_mean), mean, rtol=1e-5, atol=1e-5)
        np.testing.assert_allclose(numpy(layer.moving_variance), variance, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("batch_size", [3, 5, 100])
@pytest.mark.parametrize("renorm", [False, True])
def test_recalibration_by_numpy(batch_size, renorm):
    model = deep(renorm=renorm)
    others = {v.path: numpy(v) for v in model.variables if "moving" not in v.path and "renorm" not in v.path}
    assert surgery.recalibrate_batch_norm(model, X, batch_size=batch_size) == ("norm", "inner/norm")
    check(model, expected(model, X, batch_size))
    assert len(others) > 10
    for variable in model.variables:
        if variable.path in others:
            np.testing.assert_array_equal(numpy(variable), others[variable.path], err_msg=variable.path)
    norm = model.get_layer("norm")
    assert norm.renorm is renorm
    if renorm:
        np.testing.assert_allclose(
            numpy(norm.renorm_stddev) ** 2, numpy(norm.moving_variance) + norm.epsilon, rtol=1e-5
        )


class Batches(keras.utils.PyDataset):
    def __len__(self):
        return 4

    def __getitem__(self, index):
        return X[3 * index : 3 * index + 3], np.zeros(len(X[3 * index : 3 * index + 3]))


@pytest.mark.parametrize("kind", ["pair", "list of batches", "PyDataset", "tf.data"])
def test_kinds_of_data(kind):
    model = deep()
    data = {
        "pair": lambda: (X, np.zeros(10)),
        "list of batches": lambda: [(X[i : i + 3], None) for i in range(0, 10, 3)],
        "PyDataset": Batches,
        "tf.data": lambda: pytest.importorskip("tensorflow").data.Dataset.from_tensor_slices(X).batch(3),
    }[kind]()
    surgery.recalibrate_batch_norm(model, data, batch_size=3)
    check(model, expected(model, X, 3))


def test_single_rows_and_images():
    model = keras.Sequential([keras.Input((2, 3, 4)), layers.BatchNormalization(name="norm")])
    images = RANDOM.normal(size=(7, 2, 3, 4)).astype("float32") + 5
    surgery.recalibrate_batch_norm(model, images, batch_size=1)
    np.testing.assert_allclose(numpy(model.layers[0].moving_mean), images.mean((0, 1, 2)), rtol=1e-5)
    np.testing.assert_allclose(numpy(model.layers[0].moving_variance), images.var((0, 1, 2)), rtol=1e-4)


def test_recalibration_between_fits():
    model = deep()
    model.compile("sgd", "mse")
    model.fit(X, np.zeros((10, 1)), verbose=0)
    surgery.recalibrate_batch_norm(model, X)
    check(model, expected(model, X, 256))
    model.fit(X, np.zeros((10, 1)), verbose=0)


def test_frozen_layers_stay_still():
    model = deep()
    surgery.freeze(model, "inner")
    before = numpy(model.get_layer("inner").get_layer("norm").moving_mean)
    assert surgery.recalibrate_batch_norm(model, X) == ("norm",)
    np.testing.assert_array_equal(numpy(model.get_layer("inner").get_layer("norm").moving_mean), before)
    surgery.freeze(model, "norm")
    with pytest.warns(NoEffectWarning, match=r"is frozen: \['norm', 'inner/norm'\]"):
        assert surgery.recalibrate_batch_norm(model, X) == ()


def test_a_model_without_it_is_told():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1)])
    with pytest.warns(NoEffectWarning, match="has no batch normalization"):
        surgery.recalibrate_batch_norm(model, X)
    assert repr(surgery.batch_norm_report(model)) == "no batch normalization"


def test_bad_data_leave_the_model_as_it_was():
    model = deep()
    before = [numpy(v) for v in model.variables]
    spoiled = X.copy()
    spoiled[4, 1] = np.nan
    with pytest.raises(ValueError, match=r"`data` must be finite.*'norm'"):
        surgery.recalibrate_batch_norm(model, spoiled, batch_size=3)
    with pytest.raises(ValueError, match="at least one row"):
        surgery.recalibrate_batch_norm(model, X[:0])
    with pytest.raises(TypeError, match="`data` must be"):
        surgery.recalibrate_batch_norm(model, iter([X]))
    with pytest.raises(ValueError, match=r"`batch_size` must be in \[1, inf\)"):
        surgery.recalibrate_batch_norm(model, X, batch_size=0)
    with pytest.raises(ValueError, match="`verbose` must be one of"):
        surgery.recalibrate_batch_norm(model, X, verbose=3)
    with pytest.raises(ValueError, match="must be built"):
        surgery.recalibrate_batch_norm(keras.Sequential([layers.BatchNormalization()]), X)
    model.get_layer("norm").momentum = 1.0
    with pytest.raises(ValueError, match=r"`momentum` must be less than 1.*\['norm'\]"):
        surgery.recalibrate_batch_norm(model, X)
    assert all(np.array_equal(numpy(v), old) for v, old in zip(model.variables, before, strict=True))


def test_report():
    model = deep()
    model.get_layer("inner").get_layer("norm").moving_mean.assign([0, 0])
    model.get_layer("inner").get_layer("norm").moving_variance.assign([1, 1])
    surgery.freeze(model, "^first|^out|^norm|inner/dense")
    outer, inner = surgery.batch_norm_report(model)
    assert (outer.path, outer.mode, outer.momentum, outer.epsilon) == ("norm", "inference", 0.9, 0.001)
    assert (outer.untouched, outer.among_frozen) == (False, False)
    assert (inner.path, inner.mode, inner.untouched, inner.among_frozen) == ("inner/norm", "training", True, True)
    assert "trains among frozen layers, statistics of a new layer" in repr(surgery.batch_norm_report(model))
