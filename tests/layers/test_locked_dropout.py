"""LockedDropout: one mask per sample and feature, the same at all steps."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, drawn, modes, numbers, train, works_time_distributed

from keras_regkit import strengths
from keras_regkit.layers import LockedDropout

X = np.random.default_rng(0).normal(size=(60, 7, 50)).astype("float32")


@pytest.mark.parametrize("rate", [0.2, 0.5])
def test_features_are_dropped_at_all_steps(rate):
    y = drawn(LockedDropout(rate, seed=1), X)
    dropped = (y == 0).all(axis=1)
    np.testing.assert_allclose(y, np.where(dropped[:, None], 0, X / (1 - rate)), rtol=1e-6)
    assert close_to_share(dropped, rate)
    assert len(np.unique(dropped, axis=0)) == 60


def test_expected_value_is_kept():
    y = drawn(LockedDropout(0.3, seed=1), np.ones((400, 2, 50), "float32"))
    # The standard error is √(0.3 / 0.7 / 20 000) = 0.0046.
    assert y.mean() == pytest.approx(1.0, abs=0.02)


def test_identity_at_rate_zero_and_at_inference():
    assert (drawn(LockedDropout(0.0), X) == X).all()
    assert (numbers(LockedDropout(0.9)(X, training=False)) == X).all()


def test_schedule_moves_the_rate():
    layer = LockedDropout(strengths.Linear(0.0, 0.6, steps=2), seed=2)
    for expected in (0.0, 0.3, 0.6):
        assert close_to_share((drawn(layer, X) == 0).all(axis=1), expected)


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_on_sequences_of_any_length(jit_compile):
    model = keras.Sequential([keras.Input((None, 3)), LockedDropout(0.3, seed=1), keras.layers.SimpleRNN(2)])
    for steps in (4, 6):
        train(model, X[:6, :steps, :3], X[:6, 0, :2], jit_compile=jit_compile)


def test_time_distributed():
    assert works_time_distributed(LockedDropout(0.5, seed=1), np.ones((4, 3, 5, 6), "float32"))


def test_bad_input():
    with pytest.raises(ValueError, match=r"inputs of shape \(batch, steps, features\)\. Received: .*\(60, 50\)"):
        LockedDropout(0.5)(X[:, 0])
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1"):
        LockedDropout(1)
