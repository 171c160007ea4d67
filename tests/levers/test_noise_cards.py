"""What the cards of noise layers do to models."""

import keras
import numpy as np
import pytest

from keras_regkit import layers, levers
from keras_regkit._core.warnings import NoEffectWarning

# Keras' variables warn when NumPy reads them, and `pytest.warns` repeats what the configuration ignores.
pytestmark = pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")


def compiled(*stack):
    model = keras.Sequential(stack)
    model.compile("sgd", "mse")
    return model


def convolutional():
    return compiled(
        keras.Input((8, 8, 2)),
        keras.layers.Conv2D(3, 3, name="first"),
        keras.layers.BatchNormalization(),
        keras.layers.ReLU(name="relu"),
        keras.layers.Conv2D(3, 3, activation="relu", name="second"),
        keras.layers.Conv2D(3, 4, name="tiny"),
        keras.layers.Flatten(),
        keras.layers.Dense(1),
    )


def recurrent():
    return compiled(
        keras.Input((None,), dtype="int32"),
        keras.layers.Embedding(9, 4, name="words"),
        keras.layers.LSTM(4, return_sequences=True, name="lower"),
        keras.layers.Bidirectional(keras.layers.GRU(3), name="upper"),
        keras.layers.Dense(1),
    )


def dense():
    return compiled(
        keras.Input((4,)),
        keras.layers.Dense(5, name="a"),
        keras.layers.Dense(5, name="b"),
        keras.layers.Dense(1, name="c"),
    )


def names(model):
    return [layer.name for layer in model.layers]


def apply(name, model, strength):
    return levers.get(name).apply(model, strength)


def of(model, kind):
    return [layer for layer in model.layers if isinstance(layer, kind)]


def test_drop_block_goes_behind_the_activation_and_fits_the_map():
    model = apply("drop_block", convolutional(), 0.1)
    blocks = of(model, layers.DropBlock)
    assert [block.name for block in blocks] == ["drop_block_after_relu", "drop_block_after_second"]
    assert [block.block_size for block in blocks] == [5, 3]  # in maps of 6 × 6 and 4 × 4; the map of 1 × 1 has none
    again = apply("drop_block", model, 0.2)
    assert names(again) == names(model)
    assert {block.rate for block in of(again, layers.DropBlock)} == {0.2}


def test_locked_dropout_goes_behind_what_makes_sequences():
    model = apply("locked_dropout", recurrent(), 0.3)
    assert names(model)[:5] == [
        "words",
        "locked_dropout_after_words",
        "lower",
        "locked_dropout_after_lower",
        "upper",
    ]
    assert {layer.rate for layer in of(apply("locked_dropout", model, 0.0), layers.LockedDropout)} == {0.0}


def test_embedding_dropout_wraps_the_trained_embedding():
    model = recurrent()
    new = apply("embedding_dropout", model, 0.2)
    (wrapped,) = of(new, layers.EmbeddingDropout)
    assert wrapped.rate == 0.2
    assert (wrapped.layer.get_weights()[0] == model.get_layer("words").get_weights()[0]).all()
    assert of(apply("embedding_dropout", new, 0.1), layers.EmbeddingDropout)[0].rate == 0.1


def test_zoneout_takes_the_cells_of_recurrent_layers():
    model = recurrent()
    x = np.array([[1, 2, 3], [4, 5, 6]])
    before = keras.ops.convert_to_numpy(model(x))
    new = apply("zoneout", model, 0.2)
    assert names(new)[:3] == ["words", "lower_zoneout", "upper"]
    cell = new.get_layer("lower_zoneout").cell
    assert (cell.rate_hidden, cell.rate_cell) == (0.2, 0.2)
    assert (cell.cell.get_weights()[0] == model.get_layer("lower").cell.get_weights()[0]).all()
    off = apply("zoneout", new, 0.0)
    assert off.get_layer("lower_zoneout").cell.rate_hidden == 0.0
    np.testing.assert_allclose(keras.ops.convert_to_numpy(off(x)), before, rtol=1e-4, atol=1e-5)


def test_drop_connect_wraps_hidden_layers_and_lets_go():
    model = dense()
    new = apply("drop_connect", model, 0.2)
    assert names(new) == ["a_drop_connect", "b_drop_connect", "c"]
    assert (new.layers[0].layer.get_weights()[0] == model.layers[0].get_weights()[0]).all()
    assert [layer.rate for layer in of(apply("drop_connect", new, 0.4), layers.DropConnect)] == [0.4, 0.4]
    plain = apply("drop_connect", new, 0.0)
    assert names(plain) == names(model)
    assert (plain.layers[1].get_weights()[0] == model.layers[1].get_weights()[0]).all()


def test_concrete_dropout_wraps_hidden_layers():
    new = apply("concrete_dropout", dense(), 1e-3)
    assert names(new) == ["a_concrete_dropout", "b_concrete_dropout", "c"]
    assert {layer.dropout_regularizer for layer in of(new, layers.ConcreteDropout)} == {1e-3}
    assert len(new.losses) == 2
    again = apply("concrete_dropout", new, 1e-2)
    assert {layer.dropout_regularizer for layer in of(again, layers.ConcreteDropout)} == {1e-2}


@pytest.mark.parametrize(
    ("name", "make"),
    [
        ("drop_block", dense),
        ("locked_dropout", dense),
        ("embedding_dropout", dense),
        ("zoneout", dense),
        ("drop_connect", dense),
    ],
)
def test_a_model_without_a_place_for_it_warns(name, make):
    model = make()
    if name == "drop_connect":
        model = compiled(keras.Input((4,)), keras.layers.Dense(1))
    with pytest.warns(NoEffectWarning):
        apply(name, model, 0.1)


@pytest.mark.parametrize("name", ["drop_block", "locked_dropout", "embedding_dropout", "drop_connect", "zoneout"])
def test_rate_zero_puts_nothing_in(name):
    model = convolutional() if name in ("drop_block", "drop_connect") else recurrent()
    with pytest.warns(NoEffectWarning):
        assert names(apply(name, model, 0.0)) == names(model)


@pytest.mark.parametrize(
    "name", ["drop_path", "stochastic_depth", "shake_shake", "shake_drop", "patch_dropout", "word_dropout"]
)
def test_what_belongs_where_a_model_is_written_says_so(name):
    card = levers.get(name)
    with pytest.raises(ValueError, match=r"but by hand: .*layers\."):
        card.apply(dense(), card.strengths[0])
