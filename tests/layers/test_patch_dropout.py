"""PatchDropout: how many tokens stay, which, and in what order."""

import keras
import numpy as np
import pytest
from drawing import drawn, modes, numbers, train
from keras import ops

from keras_regkit.layers import PatchDropout

# Each token says where it stands.
PLACES = np.repeat(np.arange(9, dtype="float32")[None, :, None], 300, axis=0)


@pytest.mark.parametrize(
    ("rate", "class_tokens", "tokens"), [(0.5, 1, 5), (0.5, 0, 4), (0.25, 1, 7), (0.99, 2, 3), (0.0, 1, 9)]
)
def test_tokens_that_stay(rate, class_tokens, tokens):
    y = drawn(PatchDropout(rate, class_tokens, seed=1), PLACES)[..., 0]
    assert y.shape == (300, tokens)
    assert (np.diff(y, axis=1) > 0).all()  # in their order, none twice
    assert (y[:, :class_tokens] == np.arange(class_tokens)).all()


def test_all_patches_are_drawn_alike():
    y = drawn(PatchDropout(0.5, 1, seed=1), PLACES)[..., 0]
    shares = [(y == place).any(axis=1).mean() for place in range(9)]
    assert shares[0] == 1
    # The standard error is √(0.25 / 300) = 0.029.
    np.testing.assert_allclose(shares[1:], 0.5, atol=0.13)
    assert len(np.unique(y, axis=0)) > 50  # of 70


def test_features_stay_together():
    x = np.random.default_rng(0).normal(size=(4, 9, 5)).astype("float32")
    y = drawn(PatchDropout(0.5, 1, seed=1), x)
    for sample, kept in zip(x, y, strict=True):
        assert all((sample == token).all(axis=1).any() for token in kept)


def test_inference_keeps_all():
    assert (numbers(PatchDropout(0.9)(PLACES)) == PLACES).all()


def test_a_mask_is_lost_with_a_warning():
    masked = keras.layers.Masking()(PLACES)
    with pytest.warns(UserWarning, match="does not support masking"):
        y = PatchDropout(0.5, seed=1)(masked, training=True)
    pooled = numbers(keras.layers.GlobalAveragePooling1D()(y))
    np.testing.assert_allclose(pooled, numbers(y).mean(axis=1), rtol=1e-5)  # the first token was masked


def test_symbolic_shape_leaves_the_length_open():
    assert PatchDropout(0.5)(keras.Input((9, 3))).shape == (None, None, 3)
    assert PatchDropout(0.0)(keras.Input((9, 3))).shape == (None, 9, 3)


@pytest.mark.parametrize("jit_compile", modes())
@pytest.mark.parametrize("tokens", [9, None])
def test_trains_a_transformer_block(jit_compile, tokens):
    inputs = keras.Input((tokens, 4))
    x = PatchDropout(0.5, seed=1)(inputs)
    x = x + keras.layers.MultiHeadAttention(1, 4)(x, x)
    model = keras.Model(inputs, keras.layers.Dense(1)(keras.layers.GlobalAveragePooling1D()(x)))
    data = np.random.default_rng(0).normal(size=(10, 9, 4)).astype("float32")
    train(model, data, data[:, 0, :1], jit_compile=jit_compile)
    assert model.predict(data, verbose=0).shape == (10, 1)


def test_bad_input():
    with pytest.raises(ValueError, match=r"inputs of shape \(batch, tokens, features\)"):
        PatchDropout(0.5)(np.ones((2, 3, 3, 1)))
    with pytest.raises(ValueError, match=r"`class_tokens` must be less than the number of tokens, 9.*class_tokens=9"):
        PatchDropout(0.5, class_tokens=9)(ops.convert_to_tensor(PLACES))
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        PatchDropout(1.0)
    with pytest.raises(TypeError, match="`class_tokens` must be an integer"):
        PatchDropout(0.5, class_tokens=True)
