"""WordDropout: which tokens are replaced, and by what."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, modes, train, works_time_distributed
from keras import ops

from keras_regkit import strengths
from keras_regkit.layers import WordDropout

TOKENS = np.random.default_rng(0).integers(0, 50, size=(60, 40)).astype("int32")


def replaced(layer, tokens=TOKENS):
    return ops.convert_to_numpy(layer(tokens, training=True))


@pytest.mark.parametrize("rate", [0.1, 0.6])
def test_tokens_are_replaced_and_specials_stay(rate):
    y = replaced(WordDropout(rate, replacement=99, protected=(0, 7), seed=1))
    special = (TOKENS == 0) | (TOKENS == 7)
    assert (y[special] == TOKENS[special]).all()
    hit = y == 99
    assert (y[~hit] == TOKENS[~hit]).all()
    assert close_to_share(hit[~special], rate)


def test_nothing_need_be_protected():
    hit = replaced(WordDropout(0.5, replacement=99, protected=(), seed=1), np.zeros((50, 50), "int32")) == 99
    assert close_to_share(hit, 0.5)


@pytest.mark.parametrize("dtype", ["int32", "uint8", "float32"])
def test_dtype_is_kept(dtype):
    layer = WordDropout(0.5, seed=1, dtype="mixed_float16")
    tokens = ops.convert_to_tensor(TOKENS.astype(dtype))
    for training in (False, True):
        assert keras.backend.standardize_dtype(layer(tokens, training=training).dtype) == dtype
    assert layer(keras.Input((4,), dtype=dtype)).dtype == dtype


def test_identity_at_rate_zero_and_at_inference():
    assert (replaced(WordDropout(0.0)) == TOKENS).all()
    assert (ops.convert_to_numpy(WordDropout(0.9)(TOKENS, training=False)) == TOKENS).all()


def test_schedule_moves_the_rate():
    layer = WordDropout(strengths.Linear(0.0, 0.6, steps=2), replacement=99, protected=(), seed=2)
    for expected in (0.0, 0.3, 0.6):
        assert close_to_share(replaced(layer) == 99, expected)


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_before_an_embedding(jit_compile):
    model = keras.Sequential(
        [
            keras.Input((None,), dtype="int32"),
            WordDropout(0.4, replacement=1, seed=1),
            keras.layers.Embedding(50, 4, mask_zero=True),
            keras.layers.GlobalAveragePooling1D(),
            keras.layers.Dense(1),
        ]
    )
    train(model, TOKENS[:10], np.ones((10, 1), "float32"), jit_compile=jit_compile)


def test_time_distributed():
    assert works_time_distributed(WordDropout(0.5, replacement=2, seed=1), np.ones((8, 3, 6), "int32"))


@pytest.mark.parametrize(
    ("arguments", "error", "message"),
    [
        ({"rate": 1.0}, ValueError, r"`rate` must be in \[0, 1\)"),
        ({"rate": 0.1, "replacement": -1}, ValueError, r"`replacement` must be in \[0, inf\)\. Received: -1"),
        ({"rate": 0.1, "replacement": "<unk>"}, TypeError, "`replacement` must be an integer"),
        ({"rate": 0.1, "protected": 0}, TypeError, "`protected` must be a tuple or list of integer token ids"),
        ({"rate": 0.1, "protected": (-2,)}, ValueError, "`protected` must hold token ids, 0 or more"),
    ],
)
def test_bad_arguments(arguments, error, message):
    with pytest.raises(error, match=message):
        WordDropout(**arguments)
