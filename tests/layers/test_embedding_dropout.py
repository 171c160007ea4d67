"""EmbeddingDropout: a word is dropped wherever it stands."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train

from keras_regkit import strengths
from keras_regkit.layers import EmbeddingDropout

WORDS = np.arange(2000)


@pytest.mark.parametrize("rate", [0.1, 0.5])
def test_words_are_dropped_whole(rate):
    layer = EmbeddingDropout(keras.layers.Embedding(2000, 3), rate, seed=1)
    table = numbers(layer(WORDS))
    y = drawn(layer, WORDS)
    dropped = (y == 0).all(axis=1)
    np.testing.assert_allclose(y, np.where(dropped[:, None], 0, table / (1 - rate)), rtol=1e-5)
    assert close_to_share(dropped, rate)


def test_all_occurrences_share_their_fate():
    layer = EmbeddingDropout(keras.layers.Embedding(20, 3), 0.5, seed=1)
    tokens = np.random.default_rng(0).integers(0, 20, size=(30, 10))
    dropped = (drawn(layer, tokens) == 0).all(axis=-1)
    fates = [set(dropped[tokens == word].tolist()) for word in range(20)]
    assert all(len(fate) == 1 for fate in fates)
    assert {True} in fates
    assert {False} in fates


def test_identity_at_rate_zero_and_at_inference():
    inner = keras.layers.Embedding(2000, 3)
    assert (drawn(EmbeddingDropout(inner, 0.0), WORDS) == numbers(inner(WORDS))).all()
    assert (numbers(EmbeddingDropout(inner, 0.9)(WORDS)) == numbers(inner(WORDS))).all()


def test_mask_of_the_embedding_is_handed_on():
    layer = EmbeddingDropout(keras.layers.Embedding(9, 3, mask_zero=True), 0.5, seed=1)
    tokens = np.array([[3, 4, 0, 0], [5, 0, 0, 0]])
    y = layer(tokens, training=True)
    pooled = numbers(keras.layers.GlobalAveragePooling1D()(y))
    np.testing.assert_allclose(pooled[0], numbers(y)[0, :2].mean(axis=0), rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(pooled[1], numbers(y)[1, 0], rtol=1e-5, atol=1e-7)


def test_schedule_moves_the_rate():
    layer = EmbeddingDropout(keras.layers.Embedding(2000, 1), strengths.Linear(0.0, 0.6, steps=2), seed=2)
    for expected in (0.0, 0.3, 0.6):
        assert close_to_share(drawn(layer, WORDS) == 0, expected)


def test_float_ids_are_exact_in_half_precision():
    layer = EmbeddingDropout(keras.layers.Embedding(5000, 2), 0.0, dtype="mixed_float16")
    ids = np.array([4097.0, 4099.0], "float32")  # float16 knows neither
    np.testing.assert_allclose(numbers(layer(ids)), numbers(layer.layer.embeddings)[[4097, 4099]], rtol=1e-2)


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_before_a_recurrent_layer(jit_compile):
    tokens = np.random.default_rng(0).integers(0, 9, size=(10, 5))
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            EmbeddingDropout(keras.layers.Embedding(9, 4, mask_zero=True), 0.3, seed=1),
            keras.layers.LSTM(3),
            keras.layers.Dense(1),
        ]
    )
    before = numbers(model.layers[0].layer.embeddings)
    train(model, tokens, np.ones((10, 1), "float32"), jit_compile=jit_compile)
    assert (numbers(model.layers[0].layer.embeddings) != before).any()


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`layer` must be a keras\.layers\.Embedding.*of type Dense"):
        EmbeddingDropout(keras.layers.Dense(3), 0.5)
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        EmbeddingDropout(keras.layers.Embedding(3, 2), 1.0)
