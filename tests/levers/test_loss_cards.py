"""What the cards of losses do to compiled models."""

import keras
import numpy as np
import pytest

from keras_regkit import levers, losses
from keras_regkit._core.warnings import NoEffectWarning

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")

REPLACING = {
    "symmetric_cross_entropy": (losses.SymmetricCrossEntropy, {"alpha": 1.0, "beta": 0.5}),
    "generalized_cross_entropy": (losses.GeneralizedCrossEntropy, {"q": 0.5}),
    "bootstrapping": (losses.Bootstrapping, {"kind": "soft", "beta": 0.5}),
    "confidence_penalty": (losses.ConfidencePenalty, {"beta": 0.5}),
    "poly_loss": (losses.PolyLoss, {"epsilon": 0.5}),
}
X = np.random.default_rng(0).normal(size=(8, 2)).astype("float32")


def compiled(loss, units=3):
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(units)])
    model.compile("sgd", loss)
    return model


@pytest.mark.parametrize("name", REPLACING)
def test_the_loss_takes_the_place_of_a_cross_entropy(name):
    cls, arguments = REPLACING[name]
    inner = keras.losses.SparseCategoricalCrossentropy(from_logits=True, reduction="sum")
    model = compiled(inner)
    new = levers.get(name).apply(model, 0.5)
    assert type(new.loss) is cls
    config = new.loss.get_config()
    assert {key: config[key] for key in arguments} == arguments
    assert (config["from_logits"], config["reduction"], config["multi_label"]) == (True, "sum", False)
    assert model.loss is inner
    np.testing.assert_array_equal(new.predict(X, verbose=0), model.predict(X, verbose=0))
    # Off again: the loss is the plain one.
    off = levers.get(name).apply(new, 0)
    labels = np.arange(8) % 3
    assert off.evaluate(X, labels, verbose=0) == pytest.approx(model.evaluate(X, labels, verbose=0), rel=1e-5)


@pytest.mark.parametrize("name", REPLACING)
def test_binary_models_keep_their_outputs_apart(name):
    for loss in ("binary_crossentropy", keras.losses.BinaryCrossentropy()):
        new = levers.get(name).apply(compiled(loss, 1), 0.5)
        assert new.loss.multi_label is True
        assert new.loss.from_logits is False


@pytest.mark.parametrize("name", REPLACING)
def test_nothing_to_do_warns(name):
    model = compiled("categorical_crossentropy")
    with pytest.warns(NoEffectWarning, match=f"'{name}' is at 0 already"):
        assert type(levers.get(name).apply(model, 0).loss) is keras.losses.CategoricalCrossentropy
    once = levers.get(name).apply(model, 0.5)
    with pytest.warns(NoEffectWarning, match=f"'{name}' is at 0.5 already"):
        levers.get(name).apply(once, 0.5)


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("mse", "needs a model compiled with one cross-entropy"),
        (losses.LabelSmoothing(), "needs a model compiled with one cross-entropy"),
        (losses.JSDConsistency(), "needs a model compiled with one cross-entropy"),
        (keras.losses.CategoricalCrossentropy(label_smoothing=0.1), r"smooths its labels by 0\.1"),
        (keras.losses.SparseCategoricalCrossentropy(ignore_class=0), "ignore_class=None"),
    ],
)
def test_other_losses_are_refused(loss, message):
    with pytest.raises(ValueError, match=message):
        levers.get("poly_loss").apply(compiled(loss), 1.0)


@pytest.mark.parametrize("name", ["early_learning", "jsd_consistency", "temperature_scaling"])
def test_what_needs_more_than_a_loss_says_how(name):
    card = levers.get(name)
    with pytest.raises(ValueError, match="but by hand: "):
        card.apply(compiled("categorical_crossentropy"), card.strengths[0])
