"""Zoneout: what is kept of the states, in each step anew, in every kind of recurrent layer."""

import keras
import numpy as np
import pytest
from drawing import close_to_share, modes, numbers, train
from keras import ops

from keras_regkit import strengths
from keras_regkit.layers import Zoneout

X = np.random.default_rng(0).normal(size=(8, 6, 3)).astype("float32")


class Counter(keras.layers.Layer):
    """A cell that counts: its state after T steps is T, less the steps at which it was kept."""

    def __init__(self, units):
        super().__init__()
        self.state_size = units

    def call(self, inputs, states):
        new = states[0] + 1 + 0 * ops.sum(inputs, axis=-1, keepdims=True)
        return new, [new]


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm_by_hand(cell, x, rate_hidden, rate_cell):
    """The hidden states of an LSTM whose states are mixed with the previous ones, in NumPy."""
    kernel, recurrent, bias = (numbers(w) for w in cell.get_weights())
    units = recurrent.shape[0]
    h = c = np.zeros((len(x), units))
    outputs = []
    for step in range(x.shape[1]):
        z = x[:, step] @ kernel + h @ recurrent + bias
        i, f, g, o = (z[:, n * units : (n + 1) * units] for n in range(4))
        new_c = sigmoid(f) * c + sigmoid(i) * np.tanh(g)
        new_h = sigmoid(o) * np.tanh(new_c)
        c = rate_cell * c + (1 - rate_cell) * new_c
        h = rate_hidden * h + (1 - rate_hidden) * new_h
        outputs.append(h)
    return np.stack(outputs, axis=1)


def test_inference_mixes_at_the_rates():
    cell = keras.layers.LSTMCell(4)
    layer = keras.layers.RNN(Zoneout(cell, 0.2, 0.6), return_sequences=True)
    np.testing.assert_allclose(numbers(layer(X)), lstm_by_hand(cell, X, 0.2, 0.6), rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("training", [False, True])
def test_rate_zero_is_the_plain_cell(training):
    cell = keras.layers.LSTMCell(4)
    y = keras.layers.RNN(Zoneout(cell, 0.0, 0.0))(X, training=training)
    np.testing.assert_allclose(numbers(y), numbers(keras.layers.RNN(cell)(X)), rtol=1e-5, atol=1e-6)


def test_units_keep_their_state_or_move_on():
    cell = keras.layers.LSTMCell(50)
    layer = Zoneout(cell, 0.2, 0.6, seed=1)
    x = np.random.default_rng(1).normal(size=(60, 3)).astype("float32")
    h, c = np.random.default_rng(2).normal(size=(2, 60, 50)).astype("float32")
    noise = layer.get_initial_state(60)[-1]
    output, (kept_h, kept_c, _) = layer(x, [h, c, noise], training=True)
    _, (new_h, new_c) = cell(x, [h, c])
    for given, old, new, rate in ((kept_h, h, new_h, 0.2), (kept_c, c, new_c, 0.6)):
        given, new = numbers(given), numbers(new)
        stayed = np.isclose(given, old, atol=1e-6)
        np.testing.assert_allclose(given, np.where(stayed, old, new), atol=1e-5)
        assert close_to_share(stayed, rate)
    assert (numbers(output) == numbers(kept_h)).all()


@pytest.mark.parametrize("unroll", [False, True])
def test_each_step_draws_anew(unroll):
    layer = keras.layers.RNN(Zoneout(Counter(40), 0.4, seed=1), unroll=unroll)
    steps = numbers(layer(np.zeros((50, 10, 1), "float32"), training=True))
    # Binomial(10, 0.6). With one mask for all steps the variance would be ten times as large.
    assert steps.mean() == pytest.approx(6.0, abs=4.5 * np.sqrt(2.4 / steps.size))
    assert steps.var() == pytest.approx(2.4, abs=0.4)


@pytest.mark.parametrize("jit_compile", modes())
def test_each_step_draws_anew_within_fit(jit_compile):
    layer = keras.layers.RNN(Zoneout(Counter(200), 0.4, seed=1))
    model = keras.Sequential([keras.Input((10, 1)), keras.layers.Dense(1), layer])  # fit wants weights
    # The mean squared distance to the mean is the variance.
    losses = train(model, np.zeros((8, 10, 1)), np.full((8, 200), 6.0), epochs=3, jit_compile=jit_compile)
    np.testing.assert_allclose(losses, 2.4, atol=0.5)
    assert len(set(losses)) == 3


def test_one_row_draws_anew_too():
    layer = keras.layers.RNN(Zoneout(Counter(1), 0.5, seed=3))
    counts = [float(numbers(layer(np.zeros((1, 8, 1), "float32"), training=True))[0, 0]) for _ in range(150)]
    assert np.mean(counts) == pytest.approx(4.0, abs=4.5 * np.sqrt(2 / 150))
    assert np.var(counts) == pytest.approx(2.0, abs=0.9)


def test_masked_steps_keep_all_states():
    layer = keras.layers.RNN(Zoneout(Counter(30), 0.3, seed=1))
    mask = np.arange(10)[None] < np.array([[10], [4], [0]])
    steps = [numbers(layer(np.zeros((3, 10, 1), "float32"), mask=mask, training=True)) for _ in range(20)]
    means = np.mean(steps, axis=(0, 2))
    # The standard error is √(10 · 0.21 / 600) = 0.06 at most.
    np.testing.assert_allclose(means, [7.0, 2.8, 0.0], atol=0.28)


CELLS = {
    "lstm": lambda: Zoneout(keras.layers.LSTMCell(4), 0.1, 0.5, seed=1),
    "gru": lambda: Zoneout(keras.layers.GRUCell(4), 0.3, seed=1),
    "simple": lambda: Zoneout(keras.layers.SimpleRNNCell(4), 0.3, seed=1),
    "stacked": lambda: keras.layers.StackedRNNCells(
        [Zoneout(keras.layers.LSTMCell(5), 0.1, 0.5, seed=1), Zoneout(keras.layers.GRUCell(4), 0.3, seed=2)]
    ),
}


@pytest.mark.parametrize("jit_compile", modes())
@pytest.mark.parametrize("kind", CELLS)
def test_trains_every_kind_of_cell(kind, jit_compile):
    model = keras.Sequential(
        [keras.Input((None, 3)), keras.layers.Masking(), keras.layers.RNN(CELLS[kind]()), keras.layers.Dense(1)]
    )
    x = np.array(X)
    x[1, 3:] = 0
    train(model, x[:6], x[:6, 0, :1], jit_compile=jit_compile)
    assert model.predict(x, verbose=0).shape == (8, 1)


@pytest.mark.parametrize("dtype", ["mixed_float16", "mixed_bfloat16"])
def test_half_precision(dtype):
    layer = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(4, dtype=dtype), 0.1, 0.5, seed=1), dtype=dtype)
    first, second = (numbers(layer(X, training=True)) for _ in range(2))
    assert np.isfinite(first).all()
    assert (first != second).any()


def test_states_go_from_one_layer_to_the_next():
    encoder = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(4), 0.1, 0.5, seed=1), return_state=True)
    decoder = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(4), 0.1, 0.5, seed=2))
    _, *states = encoder(X, training=True)
    assert [tuple(state.shape) for state in states] == [(8, 4), (8, 4), (8, 4)]
    first = numbers(decoder(X, initial_state=states, training=True))
    _, *states = encoder(X, training=True)
    assert first.shape == (8, 4)
    assert (numbers(decoder(X, initial_state=states, training=True)) != first).any()


def test_bidirectional():
    layer = keras.layers.Bidirectional(keras.layers.RNN(Zoneout(keras.layers.GRUCell(4), 0.3, seed=1)))
    assert layer(X, training=True).shape == (8, 8)


def test_stateful_layers_go_on():
    layer = keras.layers.RNN(Zoneout(Counter(20), 0.5, seed=1), stateful=True)
    zeros = np.zeros((4, 5, 1), "float32")
    means = [numbers(layer(zeros, training=True)).mean() for _ in range(3)]
    np.testing.assert_allclose(means, [2.5, 5.0, 7.5], atol=1.0)


def test_rates_can_be_driven_from_outside():
    cell = Zoneout(Counter(100), 0.0, seed=1)
    layer = keras.layers.RNN(cell)
    zeros = np.zeros((10, 4, 1), "float32")
    assert numbers(layer(zeros, training=True)).mean() == 4.0
    cell._rate_hidden.set(0.5)
    assert numbers(layer(zeros, training=True)).mean() == pytest.approx(2.0, abs=0.15)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Zoneout(keras.layers.Dense(3), 0.1), ValueError, "`cell` must be an RNN cell"),
        (lambda: Zoneout("lstm", 0.1), ValueError, "`cell` must be an RNN cell"),
        (lambda: Zoneout(keras.layers.LSTM(4), 0.1), ValueError, r"RNN\(Zoneout\(LSTMCell\(4\), .*of type LSTM"),
        (lambda: Zoneout(keras.layers.RNN(Counter(4)), 0.1), ValueError, r"Pass the cell.*Counter\(\.\.\.\)"),
        (lambda: Zoneout(CELLS["stacked"](), 0.1), ValueError, "Wrap each of several"),
        (lambda: Zoneout(keras.layers.GRUCell(3, dropout=0.2), 0.1), ValueError, "`cell` must have no dropout"),
        (lambda: Zoneout(keras.layers.GRUCell(3), 1.0), ValueError, r"`rate_hidden` must be in \[0, 1\)"),
        (lambda: Zoneout(keras.layers.GRUCell(3), 0.1, -1), ValueError, r"`rate_cell` must be in \[0, 1\)"),
        (lambda: Zoneout(keras.layers.GRUCell(3), strengths.Linear(0.1, 0.2, steps=3)), TypeError, "`rate_hidden`"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_states_without_noise_are_refused():
    layer = keras.layers.RNN(Zoneout(keras.layers.LSTMCell(4), 0.1))
    zeros = ops.zeros((8, 4))
    with pytest.raises(ValueError, match=r"Zoneout needs 3 states.*get_initial_state\(batch_size\)\[-1\]"):
        layer(X, initial_state=[zeros, zeros], training=True)
