"""Schedules against NumPy, and against those of Keras."""

import inspect
import json

import keras
import numpy as np
import pytest

from keras_regkit.strengths import Cosine, Linear, Piecewise, Polynomial, WarmUp

STEPS = [0, 1, 3, 7, 10, 11, 100]


def values(schedule, steps=STEPS):
    return [float(keras.ops.convert_to_numpy(schedule(step))) for step in steps]


@pytest.mark.parametrize(
    ("schedule", "expected"),
    [
        (Linear(0.2, 1.0, steps=10), lambda t: np.interp(t, [0, 10], [0.2, 1.0])),
        (Linear(1, 0, steps=2.5), lambda t: np.interp(t, [0, 2.5], [1, 0])),
        (Cosine(0.1, 0.7, steps=10), lambda t: 0.7 - 0.6 * np.cos(np.pi * min(t, 10) / 20) ** 2),
        (Polynomial(0.5, 0.1, steps=10), lambda t: 0.1 + 0.4 * (1 - min(t / 10, 1)) ** 3),
        (Polynomial(0.5, 0.1, steps=10, power=0.5), lambda t: 0.1 + 0.4 * (1 - min(t / 10, 1)) ** 0.5),
        (Piecewise([3, 10.5], [1, 0.5, 0.25]), lambda t: 1 if t < 3 else 0.5 if t < 10.5 else 0.25),
        (WarmUp(0.8, steps=10, start=0.2), lambda t: np.interp(t, [0, 10], [0.2, 0.8])),
        (WarmUp(Linear(1.0, 0.0, steps=10), steps=7), lambda t: np.interp(t, [0, 7, 17], [0, 1, 0])),
        (Linear(0.0, 1.0, epochs=4, steps_per_epoch=3), lambda t: min(t // 3 / 4, 1)),
        (Piecewise([2], [0, 1], "epochs", 5), lambda t: float(t >= 10)),
        (WarmUp(1.0, epochs=2, steps_per_epoch=5), lambda t: min(t // 5 / 2, 1)),
    ],
    ids=lambda value: "" if inspect.isfunction(value) else repr(value),
)
def test_values(schedule, expected):
    np.testing.assert_allclose(values(schedule), [expected(t) for t in STEPS], atol=1e-6)


def test_keras_schedules_agree():
    schedules = keras.optimizers.schedules
    np.testing.assert_allclose(
        values(Cosine(0.5, 0.1, steps=10)), values(schedules.CosineDecay(0.5, 10, 0.2)), atol=1e-6
    )
    np.testing.assert_allclose(
        values(Polynomial(0.5, 0.1, steps=10, power=2.0)),
        values(schedules.PolynomialDecay(0.5, 10, 0.1, 2.0)),
        atol=1e-6,
    )


def test_warm_up_of_a_keras_schedule():
    after = keras.optimizers.schedules.ExponentialDecay(1.0, 10, 0.5)
    np.testing.assert_allclose(values(WarmUp(after, steps=4), [2, 4, 14]), [0.5, 1.0, 0.5], atol=1e-6)


@pytest.mark.parametrize(
    "schedule",
    [
        Linear(0.1, 1, steps=10),
        Cosine(0.1, 1, epochs=3),
        Polynomial(0.1, 1, epochs=3, power=2, steps_per_epoch=7),
        Piecewise([1, 2], [0.1, 0.2, 0.3], unit="epochs"),
        WarmUp(Linear(0.5, 0.1, steps=10), steps=2),
        WarmUp(0.3, epochs=2, start=0.1),
    ],
    ids=repr,
)
def test_config_round_trip(schedule):
    config = json.loads(json.dumps(keras.saving.serialize_keras_object(schedule)))
    again = keras.saving.deserialize_keras_object(config)
    assert type(again) is type(schedule)
    assert again.get_config() == schedule.get_config()


def test_they_are_learning_rates_too():
    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(Linear(0.5, 0.1, steps=2)), "mse")
    model.fit(np.ones((4, 2)), np.ones((4, 1)), batch_size=2, verbose=0)
    assert float(keras.ops.convert_to_numpy(model.optimizer.learning_rate)) == pytest.approx(0.1)


@pytest.mark.parametrize(
    ("make", "error", "message"),
    [
        (lambda: Linear(0, 1), ValueError, "`steps` or as `epochs`"),
        (lambda: Linear(0, 1, steps=3, epochs=2), ValueError, "`steps` or as `epochs`"),
        (lambda: Linear(0, 1, steps=0), ValueError, r"`steps` must be in \(0, inf\)\. Received: 0"),
        (lambda: Linear(0, 1, steps=True), TypeError, "`steps` must be a number"),
        (lambda: Linear(float("nan"), 1, steps=3), ValueError, "`start` must be"),
        (lambda: Linear(0, "1", steps=3), TypeError, "`end` must be"),
        (
            lambda: Linear(0, 1, steps=3, steps_per_epoch=4),
            ValueError,
            "`steps_per_epoch` is for schedules over `epochs`",
        ),
        (lambda: Linear(0, 1, epochs=3, steps_per_epoch=0), ValueError, "`steps_per_epoch` must be in"),
        (lambda: Polynomial(0, 1, steps=3, power=0), ValueError, "`power` must be in"),
        (lambda: Piecewise([], [1]), ValueError, "at least one time"),
        (lambda: Piecewise([3, 3], [1, 2, 3]), ValueError, "and rise"),
        (lambda: Piecewise([3], [1]), ValueError, "one more than `boundaries`. Received: 1 values, 1 boundaries"),
        (lambda: Piecewise([3], [1, 2], unit="batches"), ValueError, "`unit` must be one of"),
        (lambda: WarmUp(None, steps=3), TypeError, "`after` must be a number"),
        (lambda: WarmUp(Linear(0, 1, epochs=3), steps=3), ValueError, "`after` must count steps"),
    ],
)
def test_bad_arguments(make, error, message):
    with pytest.raises(error, match=message):
        make()


def test_epochs_need_to_know_their_steps():
    with pytest.raises(ValueError, match=r"needs `steps_per_epoch`.*StrengthSchedule"):
        Cosine(0, 1, epochs=3)(0)
