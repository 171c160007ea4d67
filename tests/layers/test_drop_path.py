"""DropPath: whole samples, or whole batches."""

import numpy as np
import pytest
from drawing import close_to_share, drawn, numbers, works_time_distributed

from keras_regkit import strengths
from keras_regkit.layers import DropPath

X = np.random.default_rng(0).normal(size=(3000, 2, 3)).astype("float32")


@pytest.mark.parametrize("rate", [0.2, 0.5, 0.8])
def test_samples_are_dropped_whole(rate):
    y = drawn(DropPath(rate, seed=1), X)
    dropped = (y == 0).all(axis=(1, 2))
    np.testing.assert_allclose(y[~dropped], X[~dropped] / (1 - rate), rtol=1e-6)
    assert close_to_share(dropped, rate)


def test_a_batch_is_dropped_whole():
    layer, x = DropPath(0.3, mode="batch", seed=2), X[:4]
    outcomes = []
    for _ in range(200):
        y = drawn(layer, x)
        outcomes.append(not y.any())
        if y.any():
            np.testing.assert_allclose(y, x / 0.7, rtol=1e-6)
    assert close_to_share(outcomes, 0.3)


def test_expected_value_is_kept():
    y = drawn(DropPath(0.3, seed=4), np.ones((20_000, 1), "float32"))
    # The standard error is √(0.3 / 0.7 / 20 000) = 0.0046.
    assert y.mean() == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("mode", ["sample", "batch"])
def test_identity_at_rate_zero_and_at_inference(mode):
    assert (drawn(DropPath(0.0, mode=mode), X) == X).all()
    assert (numbers(DropPath(0.9, mode=mode)(X, training=False)) == X).all()


def test_schedule_moves_the_rate():
    layer = DropPath(strengths.Linear(0.0, 0.6, steps=2), seed=2)
    for expected in (0.0, 0.3, 0.6, 0.6):
        assert close_to_share((drawn(layer, X) == 0).all(axis=(1, 2)), expected)


def test_time_distributed():
    assert works_time_distributed(DropPath(0.5, seed=1), np.ones((16, 3, 6), "float32"))


def test_bad_arguments():
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.2"):
        DropPath(1.2)
    with pytest.raises(ValueError, match=r"`mode` must be one of \['sample', 'batch'\]\. Did you mean 'sample'\?"):
        DropPath(0.1, mode="samples")
