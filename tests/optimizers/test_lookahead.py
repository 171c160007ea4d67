"""Slow and fast weights."""

import keras
import numpy as np
import pytest
from problems import assert_same, data, small, trained

from keras_regkit import optimizers
from keras_regkit._core.backend import to_numpy


def by_hand(steps, period, share, rate=0.1, momentum=0.9):
    """Lookahead around SGD with momentum on ½ Σ (w − c)², as in the paper's algorithm 1."""
    target = np.array([1.0, -2.0, 3.0])
    slow, velocity, trace = np.zeros(3), np.zeros(3), []
    fast = slow.copy()
    for step in range(1, steps + 1):
        velocity = momentum * velocity - rate * (fast - target)
        fast = fast + velocity
        if step % period == 0:
            slow = slow + share * (fast - slow)
            fast = slow.copy()
        trace.append(fast.copy())
    return trace, slow


@pytest.mark.parametrize(("period", "share"), [(1, 0.5), (3, 0.5), (4, 0.8)])
def test_steps_are_those_of_the_algorithm(period, share):
    target = np.array([1.0, -2.0, 3.0], "float32")
    variable = keras.Variable(np.zeros(3, "float32"))
    optimizer = optimizers.LookaheadSGD(0.1, momentum=0.9, sync_period=period, slow_step=share)
    optimizer.build([variable])
    trace, slow = by_hand(10, period, share)
    for expected in trace:
        optimizer.apply([keras.ops.convert_to_tensor(to_numpy(variable) - target)], [variable])
        np.testing.assert_allclose(to_numpy(variable), expected, atol=1e-5)
    optimizer.finalize_variable_values([variable])
    np.testing.assert_allclose(to_numpy(variable), slow, atol=1e-5)


def test_fit_ends_with_the_slow_weights():
    # 2 epochs of 2 steps: the last step is ahead of what was taken over after 3.
    four = trained(small(), optimizers.LookaheadSGD(0.1, sync_period=3))
    x, y = data()
    model = small()
    model.compile(optimizers.LookaheadSGD(0.1, sync_period=3), "mse")
    three = np.concatenate([x, x[:8]]), np.concatenate([y, y[:8]])
    model.fit(*three, batch_size=8, shuffle=False, verbose=0)
    assert_same(four, model.get_weights())
    assert not np.allclose(four[0], trained(small(), optimizers.LookaheadSGD(0.1, sync_period=4))[0])


def test_weights_that_were_set_between_two_windows_are_where_the_next_one_starts():
    x, y = data()
    model = small()
    model.compile(optimizers.LookaheadSGD(0.1, sync_period=2), "mse")
    model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    model.set_weights(small(seed=5).get_weights())
    model.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    fresh = small(seed=5)
    fresh.compile(optimizers.LookaheadSGD(0.1, sync_period=2), "mse")
    fresh.fit(x, y, batch_size=8, shuffle=False, verbose=0)
    assert_same(model.get_weights(), fresh.get_weights())


def test_zeros_of_the_fast_weights_stay():
    variable = keras.Variable(np.array([1.0, 1.0], "float32"))
    optimizer = optimizers.LookaheadSGD(1.0, sync_period=1)
    optimizer.build([variable])
    optimizer.apply([keras.ops.convert_to_tensor([1.0, 0.5])], [variable])
    assert to_numpy(variable).tolist() == [0.0, 0.75]


def test_an_average_of_keras_has_the_last_word():
    optimizer = optimizers.LookaheadSGD(0.1, sync_period=3, use_ema=True, ema_momentum=0.5)
    model = small()
    weights = trained(model, optimizer)
    averages = [to_numpy(v) for v in optimizer.variables if v.name.endswith("average")]
    assert_same(weights, averages)


def test_an_error_in_the_first_step_is_seen():
    model = small()
    model.compile(optimizers.LookaheadSGD(0.1), lambda y, p: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        model.fit(*data(), verbose=0)
