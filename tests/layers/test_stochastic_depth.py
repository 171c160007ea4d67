"""StochasticDepth: which rows the branch sees, and that nothing is lost on average."""

import keras
import numpy as np
import pytest
from drawing import drawn, modes, numbers, train
from keras import ops

from keras_regkit.layers import StochasticDepth

X = np.random.default_rng(0).normal(size=(8, 3)).astype("float32")


class Probe(keras.layers.Layer):
    """Adds nothing but ones, and writes down how many rows it saw."""

    def __init__(self):
        super().__init__()
        self.rows = []

    def call(self, inputs):
        self.rows.append(inputs.shape[0])
        return ops.ones_like(inputs)

    def compute_output_shape(self, input_shape):
        return input_shape


class MaskAsNumbers(keras.layers.Layer):
    """Returns its mask, so that it can be seen."""

    def __init__(self):
        super().__init__()
        self.supports_masking = True

    def call(self, inputs, mask=None):
        return ops.zeros_like(inputs) + ops.cast(mask, inputs.dtype)[:, :, None]

    def compute_output_shape(self, input_shape):
        return input_shape


@keras.saving.register_keras_serializable("tests")
class Bottleneck(keras.layers.Layer):
    """Has layers, and no build of its own."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.narrow, self.wide = keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(3)

    def call(self, inputs):
        return self.wide(self.narrow(inputs))


@keras.saving.register_keras_serializable("tests")
class BottleneckModel(keras.Model):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.narrow, self.wide = keras.layers.Dense(2, activation="tanh"), keras.layers.Dense(3)

    def call(self, inputs):
        return self.wide(self.narrow(inputs))


def changed(y, x):
    return np.any(y != x, axis=tuple(range(1, x.ndim)))


@pytest.mark.parametrize(("rate", "kept"), [(0.0, 8), (0.05, 8), (0.25, 6), (0.5, 4), (0.8, 2), (0.99, 1)])
def test_the_branch_runs_on_the_kept_rows_only(rate, kept):
    probe = Probe()
    block = StochasticDepth(probe, rate, seed=1)
    block(X)
    probe.rows.clear()
    for _ in range(3):
        y = drawn(block, X)
        rows = changed(y, X)
        assert rows.sum() == kept
        np.testing.assert_allclose(y[rows] - X[rows], 8 / kept, rtol=1e-5)
    assert probe.rows == [kept] * 3


def test_rows_are_drawn_anew_and_alike():
    block = StochasticDepth(Probe(), 0.5, seed=2)
    kept = np.array([changed(drawn(block, X), X) for _ in range(400)])
    assert len(np.unique(kept, axis=0)) > 40  # of 70
    # The standard error is √(0.25 / 400) = 0.025.
    np.testing.assert_allclose(kept.mean(axis=0), 0.5, atol=0.11)


@pytest.mark.parametrize("kind", ["layer", "sequential", "functional"])
def test_unbiased(kind):
    inputs = keras.Input((3,))
    branch = {
        "layer": lambda: keras.layers.Dense(3, activation="tanh"),
        "sequential": lambda: keras.Sequential([keras.layers.Dense(5, activation="tanh"), keras.layers.Dense(3)]),
        "functional": lambda: keras.Model(inputs, keras.layers.Dense(3)(inputs) * keras.layers.Dense(3)(inputs)),
    }[kind]()
    block = StochasticDepth(branch, 0.5, seed=1)
    whole = numbers(block(X))
    np.testing.assert_allclose(whole, X + numbers(branch(X)), rtol=1e-5, atol=1e-6)
    mean = np.mean([drawn(block, X) for _ in range(300)], axis=0)
    # A row's branch is doubled or left out: the standard error is |branch(x)| / √300 = 0.058 |branch(x)|.
    assert (np.abs(mean - whole) <= 0.26 * np.abs(whole - X) + 1e-5).all()


def test_batch_norm_in_the_branch_sees_the_kept_rows():
    norm = keras.layers.BatchNormalization(momentum=0.0, center=False, epsilon=1e-5)
    block = StochasticDepth(norm, 0.5, seed=3)
    y = drawn(block, X)
    rows = changed(y, X)
    kept = X[rows]
    np.testing.assert_allclose(numbers(norm.moving_mean), kept.mean(axis=0), rtol=1e-4, atol=1e-6)
    normalized = (kept - kept.mean(axis=0)) / np.sqrt(kept.var(axis=0) + 1e-5)
    np.testing.assert_allclose(y[rows], kept + 2 * normalized, rtol=1e-4, atol=1e-4)
    before = numbers(norm.moving_mean)
    block(X, training=False)
    assert (numbers(norm.moving_mean) == before).all()


def test_mask_is_handed_on():
    mask = np.arange(8)[:, None] > np.array([[0, 3, 6, 9]])
    x = np.random.default_rng(1).normal(size=(8, 4, 2)).astype("float32")
    block = StochasticDepth(MaskAsNumbers(), 0.5, seed=1)
    np.testing.assert_allclose(numbers(block(x, mask=mask)) - x, mask[:, :, None] + np.zeros(2), atol=1e-6)
    added = numbers(block(x, mask=mask, training=True)) - x
    seen = np.abs(added).max(axis=(1, 2)) > 1e-3
    np.testing.assert_allclose(added[seen], 2.0 * mask[seen][:, :, None] + np.zeros(2), atol=1e-5)
    assert 2 <= seen.sum() <= 4  # row 0 is masked from end to end


@pytest.mark.parametrize("make", [Bottleneck, BottleneckModel])
@pytest.mark.parametrize("policy", ["float32", "mixed_float16"])
def test_a_branch_without_build_is_built_by_a_call(make, policy, tmp_path):
    block = StochasticDepth(make(dtype=policy), 0.5, seed=1, dtype=policy)
    block.build((None, 3))  # Keras' warning of a layer that is marked as built, and is not, would be an error here
    assert [tuple(w.shape) for w in block.trainable_weights] == [(3, 2), (2,), (2, 3), (3,)]
    model = keras.Sequential([keras.Input((3,)), block])
    model.save(tmp_path / "model.keras")
    loaded = keras.saving.load_model(tmp_path / "model.keras")
    assert (model.predict(X, verbose=0) == loaded.predict(X, verbose=0)).all()
    eager = StochasticDepth(make(), 0.5, seed=1)
    assert changed(drawn(eager, X), X).sum() == 4


@pytest.mark.parametrize("jit_compile", modes())
def test_trains_with_a_short_last_batch(jit_compile):
    branch = keras.Sequential([keras.layers.Dense(4, activation="relu"), keras.layers.Dense(3)])
    model = keras.Sequential([keras.Input((3,)), StochasticDepth(branch, 0.5, seed=1), keras.layers.Dense(1)])
    x = np.random.default_rng(2).normal(size=(10, 3)).astype("float32")
    before = float(np.mean((model.predict(x, verbose=0) - x[:, :1]) ** 2))
    train(model, x, x[:, :1], epochs=8, jit_compile=jit_compile)
    assert float(np.mean((model.predict(x, verbose=0) - x[:, :1]) ** 2)) < before
    assert model.predict(x, verbose=0).shape == (10, 1)


def test_bad_arguments():
    with pytest.raises(TypeError, match=r"`branch` must be a keras layer or model.*keras\.Sequential"):
        StochasticDepth(np.tanh, 0.5)
    with pytest.raises(ValueError, match=r"`rate` must be in \[0, 1\)\. Received: 1\.0"):
        StochasticDepth(Probe(), 1.0)
    with pytest.raises(ValueError, match="`branch` must keep the shape of its input"):
        StochasticDepth(keras.layers.Dense(4), 0.5)(X)
