"""The cards of our own penalties, put into models."""

import keras
import numpy as np
import pytest
from keras import layers

from keras_regkit import levers, regularizers
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.presets import mlp

ON_KERNELS = {
    "group_lasso": regularizers.GroupLasso,
    "sparse_group_lasso": regularizers.SparseGroupLasso,
    "orthogonal": regularizers.Orthogonal,
    "spectral_norm_penalty": regularizers.SpectralNorm,
    "l2_sp": regularizers.L2SP,
    "mcp": regularizers.MCP,
    "scad": regularizers.SCAD,
    "hoyer": regularizers.Hoyer,
}
ON_ACTIVITIES = {
    "kl_sparsity": ("dense", regularizers.KLSparsity),
    "decorrelation": ("dense", regularizers.Decorrelation),
    "activity_l2": ("recurrent", regularizers.ActivityL2),
    "temporal_activity_l2": ("recurrent", regularizers.TemporalActivityL2),
}
X = np.random.default_rng(0).normal(size=(8, 6)).astype("float32")


def apply(name, model, strength):
    return levers.get(name).apply(model, strength)


def mixed():
    """A model with a convolution, a recurrent layer and a dense one, none of which makes the output."""
    inputs = keras.Input((6, 1))
    h = layers.Conv1D(3, 3, name="convolution")(inputs)
    h = layers.GRU(3, return_sequences=True, name="recurrent")(h)
    h = layers.Dense(4, "sigmoid", name="dense")(layers.Flatten()(h))
    model = keras.Model(inputs, layers.Dense(1, name="outputs")(h))
    model.compile("sgd", "mse")
    return model


def found(model, key):
    return {layer.name: type(value) for layer in model.layers if (value := getattr(layer, key, None)) is not None}


@pytest.mark.parametrize("name", ON_KERNELS)
def test_hidden_kernels_get_the_penalty_in_place_of_that_of_keras(name):
    model = mlp(6, units=(4, 3), batch_norm=False, seed=0)
    new = apply(name, model, 0.1)
    assert found(new, "kernel_regularizer") == dict.fromkeys(("dense_1", "dense_2"), ON_KERNELS[name])
    assert new.get_layer("dense_1").kernel_regularizer.strength == 0.1
    again = apply(name, new, 0.2)
    assert again.get_layer("dense_1").kernel_regularizer.strength == 0.2
    assert found(apply(name, again, 0), "kernel_regularizer") == {}
    again.fit(X, X[:, :1], verbose=0)
    for other in ("l2", next(card for card in ON_KERNELS if card != name)):
        with pytest.raises(ValueError, match=r"of its own.*would overwrite"):
            apply(other, new, 0.1)


def test_strength_zero_leaves_other_penalties_alone():
    with pytest.warns(NoEffectWarning):
        same = apply("group_lasso", mlp(6, units=3), 0)
    assert found(same, "kernel_regularizer") == {"dense_1": keras.regularizers.L2}


def test_the_starting_point_is_where_the_model_was():
    model = mixed()
    new = apply("l2_sp", model, 0.1)
    assert set(found(new, "kernel_regularizer")) == {"convolution", "recurrent", "dense"}
    assert float(keras.ops.convert_to_numpy(sum(new.losses))) == 0
    x = np.ones((8, 6, 1), "float32")
    new.fit(x, 3 * x[:, 0], epochs=2, verbose=0)
    stronger = apply("l2_sp", new, 0.2)  # the start is still the first model's
    np.testing.assert_array_equal(
        stronger.get_layer("dense").kernel_regularizer.reference, model.get_layer("dense").get_weights()[0]
    )


def test_total_variation_is_for_convolutions():
    assert found(apply("total_variation", mixed(), 0.1), "kernel_regularizer") == {
        "convolution": regularizers.TotalVariation
    }


@pytest.mark.parametrize("name", ON_ACTIVITIES)
def test_outputs_of_the_layers_that_suit_are_penalized(name):
    layer, cls = ON_ACTIVITIES[name]
    new = apply(name, mixed(), 0.1)
    assert found(new, "activity_regularizer") == {layer: cls}
    assert found(apply(name, new, 0), "activity_regularizer") == {}
    history = new.fit(np.ones((4, 6, 1)), np.ones((4, 1)), verbose=0)
    assert np.isfinite(history.history["loss"][0])


def test_models_without_such_layers_are_told():
    for name in ("total_variation", "kl_sparsity", "activity_l2"):
        with pytest.warns(NoEffectWarning):
            apply(name, mlp(6, units=3), 0.1)


def test_weighted_l2_is_set_by_hand():
    with pytest.raises(ValueError, match="WeightedL2"):
        apply("weighted_l2", mlp(6, units=3), 1.0)
