"""What Keras' `trainable=False` does, and what `freeze` makes of it."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import surgery
from keras_regkit._core.paths import weight_paths
from keras_regkit._core.warnings import NoEffectWarning

pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = 3 + np.random.default_rng(0).normal(size=(16, 4)).astype("float32")
Y = X[:, :1]


def fine_tuning():
    backbone = keras.Sequential(
        [
            keras.Input((4,)),
            layers.Dense(5, name="first"),
            layers.BatchNormalization(name="norm"),
            layers.Dropout(0.5, seed=0),
            layers.Dense(3, name="second"),
        ],
        name="backbone",
    )
    inputs = keras.Input((4,))
    model = keras.Model(inputs, layers.Dense(1, name="head")(backbone(inputs)), name="tuned")
    model.compile(keras.optimizers.Adam(0.05), "mse", metrics=["mae"])
    return model


def weights(model):
    return {w.path: np.array(keras.ops.convert_to_numpy(w.variable)) for w in weight_paths(model)}


def moved_by_fit(model):
    before = weights(model)
    model.fit(X, Y, batch_size=8, verbose=0)
    return {path for path, value in weights(model).items() if not np.array_equal(value, before[path])}


FIRST, SECOND = {"backbone/first/kernel", "backbone/first/bias"}, {"backbone/second/kernel", "backbone/second/bias"}
SCALE = {"backbone/norm/gamma", "backbone/norm/beta"}
NO_GRADIENT = {"backbone/first/bias"}  # but rounding, where the normalization behind it trains
STATISTICS = {"backbone/norm/moving_mean", "backbone/norm/moving_variance"}
HEAD = {"head/kernel", "head/bias"}


def test_keras_freezes_statistics_and_leaves_dropout_alone():
    norm, dropout = layers.BatchNormalization(), layers.Dropout(0.5)
    norm.build((None, 4))
    norm.trainable = dropout.trainable = False
    out = keras.ops.convert_to_numpy(norm(X, training=True))
    np.testing.assert_allclose(out, X / np.sqrt(1 + norm.epsilon), rtol=1e-5)
    assert not keras.ops.convert_to_numpy(norm.moving_mean).any()
    dropped = keras.ops.convert_to_numpy(dropout(X, training=True))
    assert 0.2 < (dropped == 0).mean() < 0.8
    np.testing.assert_allclose(dropped[dropped != 0], 2 * X[dropped != 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("batch_norm", "moved"),
    [("inference", HEAD), ("train", HEAD | SCALE | STATISTICS), ("keep", HEAD | SCALE | STATISTICS)],
)
def test_freeze_in_a_model_that_was_fit(batch_norm, moved, tmp_path):
    model = fine_tuning()
    assert moved_by_fit(model) | NO_GRADIENT == FIRST | SECOND | SCALE | STATISTICS | HEAD
    changes = surgery.freeze(model, "backbone", batch_norm=batch_norm)
    assert moved_by_fit(model) == moved
    assert changes["backbone/first"] is False
    assert ("backbone/norm" in changes) is (batch_norm == "inference")
    # What trains is what trains after loading, too.
    model.save(tmp_path / "model.keras")
    assert moved_by_fit(keras.saving.load_model(tmp_path / "model.keras")) == moved


def test_frozen_batch_norm_is_kept_frozen_or_woken():
    for batch_norm, trained in (("keep", False), ("train", True)):
        model = fine_tuning()
        model.get_layer("backbone").get_layer("norm").trainable = False
        changes = surgery.freeze(model, "backbone", batch_norm=batch_norm)
        assert model.get_layer("backbone").get_layer("norm").trainable is trained
        assert (changes.get("backbone/norm") is True) is trained


def test_unfreeze_a_part():
    model = fine_tuning()
    model.trainable = False
    model.compile("sgd", "mse")
    changes = surgery.unfreeze(model, "second|head")
    assert dict(changes) == dict.fromkeys(["tuned", "backbone", "backbone/second", "head"], True)
    assert changes.before == dict.fromkeys(changes, False)
    assert moved_by_fit(model) == SECOND | HEAD
    surgery.unfreeze(model, "backbone", batch_norm="keep")
    assert moved_by_fit(model) == FIRST | SECOND | HEAD
    surgery.unfreeze(model, layers.BatchNormalization)
    assert moved_by_fit(model) | NO_GRADIENT == FIRST | SECOND | HEAD | SCALE | STATISTICS


def test_weights_frozen_by_hand_stay_so():
    model = fine_tuning()
    model.get_layer("head").kernel.trainable = False
    surgery.freeze(model, "first")
    assert "head/kernel" not in moved_by_fit(model)


def test_it_is_compiled_as_it_was_with_an_optimizer_before_its_first_step():
    model = fine_tuning()
    model.fit(X, Y, verbose=0)
    surgery.freeze(model, "backbone")
    assert int(model.optimizer.iterations) == 0
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.05)
    assert set(model.evaluate(X, Y, verbose=0, return_dict=True)) == {"loss", "mae"}


def test_a_model_that_was_not_compiled_is_not():
    model = keras.Sequential([keras.Input((4,)), layers.Dense(1, name="dense")])
    surgery.freeze(model, "dense")
    assert not model.compiled
    assert model.trainable_variables == []


def test_a_layer_with_weights_and_batch_norm_of_its_own():
    class Block(layers.Layer):
        def build(self, shape):
            self.kernel = self.add_weight(shape=(4, 4), name="kernel")
            self.norm = layers.BatchNormalization(name="norm")
            self.norm.build((None, 4))

        def call(self, x, training=None):
            return self.norm(x @ self.kernel, training=training)

    model = keras.Sequential([keras.Input((4,)), Block(name="block")])
    changes = surgery.freeze(model, "block", batch_norm="train")
    assert dict(changes) == {"block": False}
    assert {v.name for v in model.trainable_variables} == {"gamma", "beta"}


def test_nothing_to_do_is_told():
    model = fine_tuning()
    surgery.freeze(model, "backbone")
    optimizer = model.optimizer
    with pytest.warns(NoEffectWarning, match="trainable=False already"):
        assert surgery.freeze(model, "backbone/first") == {}
    assert model.optimizer is optimizer
    with pytest.warns(NoEffectWarning, match="without weights"):
        surgery.freeze(model, layers.Dropout)


def test_bad_arguments():
    model = fine_tuning()
    with pytest.raises(ValueError, match=r"at least one layer of 'tuned'.*'backbone/norm'"):
        surgery.freeze(model, "no such")
    with pytest.raises(ValueError, match=r"`batch_norm` must be one of.*'inference'"):
        surgery.freeze(model, "head", batch_norm="inferense")
    with pytest.raises(ValueError, match="`batch_norm` must be one of"):
        surgery.unfreeze(model, "head", batch_norm="inference")
    with pytest.raises(ValueError, match="at least one layer"):
        surgery.unfreeze(model, layers.LSTM)
