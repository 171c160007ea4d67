"""The builders for sequences: who may see what, and how large they are."""

import keras
import numpy as np
import pytest
from tiny_models import TINY, values

from keras_regkit import surgery
from keras_regkit.presets import causal_transformer, lstm, transformer_encoder

WIDTH, HIDDEN, BLOCKS, LENGTH, VOCABULARY = 8, 12, 2, 6, 11


def transformer_size():
    """Weights of the blocks, the last normalization and the positions."""
    attention = 4 * (WIDTH * WIDTH + WIDTH)
    feedforward = 2 * WIDTH * HIDDEN + HIDDEN + WIDTH
    norms = 2 * 2 * WIDTH
    return BLOCKS * (attention + feedforward + norms) + 2 * WIDTH + LENGTH * WIDTH


def test_size_of_the_transformers():
    head = WIDTH * 3 + 3
    assert TINY["encoder-tokens"].plain().count_params() == transformer_size() + VOCABULARY * WIDTH + head
    assert TINY["encoder-features"].plain().count_params() == transformer_size() + (2 * WIDTH + WIDTH) + head
    tied = TINY["causal"].plain()
    own = TINY["causal"].plain(tie_embeddings=False)
    assert tied.count_params() == transformer_size() + VOCABULARY * WIDTH
    assert own.count_params() == tied.count_params() + VOCABULARY * WIDTH


def test_size_of_an_lstm():
    model = TINY["lstm-tokens"].plain()
    layers = sum(4 * units * (before + units + 1) for before, units in ((5, 4), (4, 3)))
    assert model.count_params() == 11 * 5 + layers + (3 * 3 + 3)


@pytest.mark.parametrize("attention_dropout", [0.0, 0.2])
@pytest.mark.parametrize("tie_embeddings", [True, False])
def test_a_language_model_does_not_see_what_comes(attention_dropout, tie_embeddings):
    model = TINY["causal"].plain(attention_dropout=attention_dropout, tie_embeddings=tie_embeddings)
    rng = np.random.default_rng(1)
    rows = rng.integers(VOCABULARY, size=(1, LENGTH))
    before = model.predict(rows, verbose=0)
    for step in range(LENGTH):
        changed = rows.copy()
        changed[:, step] = (changed[:, step] + 1) % VOCABULARY
        after = model.predict(changed, verbose=0)
        np.testing.assert_allclose(after[:, :step], before[:, :step], atol=1e-6)
        assert np.abs(after[:, step:] - before[:, step:]).max(axis=(0, 2)).min() > 1e-5  # and sees all that was


def test_tied_embeddings_are_the_matrix_of_the_logits():
    model = TINY["causal"].plain()
    inner = keras.Model(model.input, model.get_layer("norm_last").output)
    tokens = TINY["causal"].x
    (table,) = values([model.get_layer("embedding").embeddings])
    np.testing.assert_allclose(model.predict(tokens, verbose=0), inner.predict(tokens, verbose=0) @ table.T, atol=1e-5)


def test_a_language_model_learns_a_rule():
    rows = (np.arange(9)[None] + np.arange(5)[:, None]) % 5
    model = causal_transformer(8, 5, width=16, heads=2, blocks=1, dropout=0, learning_rate=0.01, seed=0)
    model.fit(rows[:, :-1], rows[:, 1:], epochs=60, verbose=0)
    assert model.evaluate(rows[:, :-1], rows[:, 1:], verbose=0, return_dict=True)["accuracy"] == 1


def with_other_positions(model, first):
    """The model's predictions after its vectors of the positions from `first` on were changed."""
    table = model.get_layer("positions").embeddings
    (old,) = values([table])
    table.assign(np.where(np.arange(len(old))[:, None] >= first, old + np.arange(old.shape[1]), old))
    return model


@pytest.mark.parametrize("attention_dropout", [0.0, 0.2])
@pytest.mark.parametrize("kind", ["tokens", "features"])
def test_padding_takes_no_part_in_an_encoder(kind, attention_dropout):
    tiny = TINY[f"encoder-{kind}"]
    x = tiny.x.copy()
    x[:4, 4:] = 0 if kind == "tokens" else -9
    model = tiny.plain(attention_dropout=attention_dropout, **({} if kind == "tokens" else {"mask_value": -9.0}))
    if kind == "tokens":
        x[4:][x[4:] == 0] = 1
    before = model.predict(x, verbose=0)
    after = with_other_positions(model, 4).predict(x, verbose=0)
    np.testing.assert_allclose(after[:4], before[:4], atol=1e-5)
    assert np.abs(after[4:] - before[4:]).max(axis=1).min() > 1e-3


def test_features_without_padding_see_all_steps():
    tiny = TINY["encoder-features"]
    x = np.zeros_like(tiny.x)
    model = tiny.plain()
    assert not np.allclose(model.predict(x, verbose=0), with_other_positions(model, 4).predict(x, verbose=0))


@pytest.mark.parametrize("attention_dropout", [0.0, 0.2])
def test_an_empty_text_spoils_nothing(attention_dropout):
    tiny = TINY["encoder-tokens"]
    x = tiny.x.copy()
    x[0] = 0
    model = tiny.plain(attention_dropout=attention_dropout)
    history = model.fit(x, tiny.y, verbose=0)
    assert np.isfinite(history.history["loss"]).all()
    assert np.isfinite(model.predict(x, verbose=0)).all()


def test_padding_takes_no_part_in_an_lstm():
    tiny = TINY["lstm-tokens"]
    model = tiny.plain()
    before = model.predict(tiny.x, verbose=0)
    table = model.get_layer("embedding").embeddings
    (old,) = values([table])
    table.assign(np.where(np.arange(len(old))[:, None] == 0, old + 5, old))
    np.testing.assert_allclose(model.predict(tiny.x, verbose=0), before, atol=1e-6)


def test_masked_features_take_no_part_in_an_lstm():
    model = lstm((6, 2), 3, units=4, mask_value=-1.0, seed=0)
    x = TINY["lstm-features"].x
    padded = x.copy()
    padded[:, 3:] = -1
    short = lstm((3, 2), 3, units=4, seed=0)
    short.set_weights(model.get_weights())
    np.testing.assert_allclose(model.predict(padded, verbose=0), short.predict(x[:, :3], verbose=0), atol=1e-6)


def test_an_lstm_that_answers_at_each_step():
    tiny = TINY["lstm-tokens"]
    model = lstm(6, 11, vocabulary=11, embedding=4, units=4, return_sequences=True, seed=0)
    assert model.output_shape == (None, 6, 11)
    y = np.where(tiny.x == 0, 0, 3)
    first = model.evaluate(tiny.x, y, verbose=0)[0]
    y[tiny.x == 0] = 7  # labels of padded steps do not count
    assert model.evaluate(tiny.x, y, verbose=0)[0] == pytest.approx(first, rel=1e-6)
    assert np.isfinite(model.fit(tiny.x, y, verbose=0).history["loss"]).all()


@pytest.mark.parametrize(("task", "outputs"), [("binary", 2), ("regression", 1)])
def test_other_tasks(task, outputs):
    x = TINY["encoder-features"].x
    y = (x.mean(axis=1)[:, :outputs] > 0).astype("float32")
    for model in (
        transformer_encoder((6, 2), outputs, task, width=4, heads=2, blocks=1),
        lstm((6, 2), outputs, task, units=3),
    ):
        history = model.fit(x, y, verbose=0)
        assert set(history.history) == {"loss", "mae" if task == "regression" else "accuracy"}


def test_surgery_works_on_them():
    model = TINY["encoder-tokens"].levered()
    new = surgery.replace(model, keras.layers.Dropout, lambda old: keras.layers.Dropout(0.5, name=old.name))
    assert {layer.rate for layer in new.layers if isinstance(layer, keras.layers.Dropout)} == {0.5}
    x = TINY["encoder-tokens"].x
    np.testing.assert_allclose(new.predict(x, verbose=0), model.predict(x, verbose=0), atol=1e-6)
