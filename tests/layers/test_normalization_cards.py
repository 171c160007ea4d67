"""What the cards of normalization layers do to models."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from keras_regkit import levers
from keras_regkit._core.warnings import NoEffectWarning

# `pytest.warns` repeats the warning that Keras' variables give when NumPy reads them.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

X = np.random.default_rng(0).normal(size=(8, 6, 6, 2)).astype("float32")


def net():
    model = keras.Sequential(
        [
            keras.Input((6, 6, 2)),
            layers.Conv2D(4, 3, name="conv"),
            layers.BatchNormalization(name="norm", momentum=0.7),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.Flatten(name="flatten"),
            layers.Dense(5, name="dense"),
            layers.Dense(1, name="logits"),
        ]
    )
    model.compile("sgd", "mse")
    return model


def outputs(model):
    return ops.convert_to_numpy(model(X, training=False))


def names(model):
    return [layer.name for layer in model.layers]


@pytest.mark.parametrize(
    ("card", "suffix", "wrapped"),
    [
        ("weight_normalization", "weight_norm", ["conv", "depthwise", "dense"]),
        ("spectral_normalization", "spectral_norm", ["conv", "depthwise", "dense"]),
        ("weight_standardization", "standardized", ["conv"]),
    ],
)
def test_wrappers_go_in_and_out(card, suffix, wrapped):
    model, card = net(), levers.get(card)
    new = card.apply(model, 1)
    assert names(new) == [f"{name}_{suffix}" if name in wrapped else name for name in names(model)]
    new.fit(X, X[:, 0, 0, :1], verbose=0)
    without = card.apply(new, 0)
    assert names(without) == names(model)
    np.testing.assert_allclose(outputs(without), outputs(new), atol=1e-4)
    with pytest.warns(NoEffectWarning):
        card.apply(new, 1)


def test_weight_normalization_keeps_what_was_learned():
    model = net()
    np.testing.assert_allclose(outputs(levers.get("weight_normalization").apply(model, 1)), outputs(model), atol=1e-5)


def test_ghost_batch_norm_takes_the_place_of_batch_norm():
    model, card = net(), levers.get("ghost_batch_norm")
    model.fit(X, X[:, 0, 0, :1], verbose=0)
    new = card.apply(model, 4)
    norm = new.get_layer("norm")
    assert (norm.virtual_batch_size, norm.momentum) == (4, 0.7)
    np.testing.assert_allclose(outputs(new), outputs(model), atol=1e-5)
    assert card.apply(new, 2).get_layer("norm").virtual_batch_size == 2
    bare = keras.Sequential([keras.Input((3,)), layers.Dense(4, name="hidden"), layers.Dense(1)])
    bare.compile("sgd", "mse")
    assert card.apply(bare, 4).get_layer("hidden_batch_norm").virtual_batch_size == 4
    with pytest.warns(NoEffectWarning):
        card.apply(new, 4)


def test_filter_response_normalization_is_written_by_hand():
    with pytest.raises(ValueError, match="FilterResponseNormalization"):
        levers.get("filter_response_normalization").apply(net(), 1e-6)
