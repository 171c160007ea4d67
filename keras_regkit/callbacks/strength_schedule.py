"""Driving the strengths of an existing model."""

import collections.abc
import re
from collections.abc import Mapping
from typing import Any

import keras

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.checks import Interval, check_arguments, did_you_mean
from keras_regkit._core.strength import PROBED_STEPS, Schedule, strengths_in
from keras_regkit.callbacks._strengths import hold_strengths_of_loss, log_strengths


class StrengthSchedule(keras.callbacks.Callback):
    """Moves strengths of a model while it trains, and logs them as `strength/<name>`.

    Use it where a model was built with constant strengths, and for schedules over epochs: it knows the epoch. Nothing
    is traced again. A schedule that counts epochs costs one assignment an epoch; one that counts steps costs one every
    `every` steps. (A schedule given to the component itself moves within the compiled step, and costs less.)

    Args:
        schedules: Dict from the name of a strength, or a regular expression that fits the names of several, to a
            number, a schedule of `keras_regkit.strengths` or any `keras.optimizers.schedules` object.
            `strengths.read(model)` lists the names.
        every: Steps between two assignments of a schedule that counts steps. Defaults to None: 1; on JAX, where each
            one interrupts the compiled loop, 10.

    Raises:
        TypeError, ValueError: no schedule at all, or one of another type; when training begins, a name that no strength
            has, a strength that follows a schedule of its own, a value that is out of its bounds.

    Example:

    >>> from keras_regkit.layers import Dropout
    >>> from keras_regkit.strengths import Linear
    >>> model = keras.Sequential([keras.Input((2,)), Dropout(0.5, name="drop"), keras.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> rise = StrengthSchedule({"drop": Linear(0.0, 0.5, epochs=2)})
    >>> history = model.fit(np.ones((4, 2)), np.ones((4, 1)), epochs=3, callbacks=[rise], verbose=0)
    >>> history.history["strength/drop"]
    [0.0, 0.25, 0.5]
    """

    RANGES = {"every": Interval(1, integer=True, optional=True)}  # noqa: RUF012

    def __init__(self, schedules: Mapping[str, Any], every: int | None = None):
        super().__init__()
        check_arguments(self.RANGES, every=every)
        if not isinstance(schedules, collections.abc.Mapping) or not schedules:
            raise TypeError(
                "`schedules` must be a dict from the name of a strength to a schedule or a number, with at least one "
                f"entry. Received: {schedules!r}"
            )
        for name, schedule in schedules.items():
            if not isinstance(schedule, Schedule):
                Interval().check(f"schedules[{name!r}]", schedule)
        self.schedules = dict(schedules)
        self.every = every
        self._by_step: dict = {}
        self._by_epoch: dict = {}
        self._first_step = 0

    def set_model(self, model):
        super().set_model(model)
        hold_strengths_of_loss(model)

    def on_train_begin(self, logs=None):
        named = strengths_in(self.model)
        self._by_step, self._by_epoch = {}, {}
        driven_by = {}
        for pattern, schedule in self.schedules.items():
            for name in _chosen(pattern, named):
                if name in driven_by:
                    raise ValueError(
                        f"`schedules` must drive a strength once. Received: {driven_by[name]!r} and {pattern!r}, which "
                        f"both fit {name!r}"
                    )
                driven_by[name] = pattern
                counts_steps = isinstance(schedule, Schedule) and getattr(schedule, "unit", "steps") == "steps"
                _check_values(name, named[name], schedule, counts_steps, self.params.get("epochs") or 1)
                (self._by_step if counts_steps else self._by_epoch)[named[name]] = schedule

    def on_epoch_begin(self, epoch, logs=None):
        self._first_step = int(to_numpy(self.model.optimizer.iterations))
        for strength, schedule in self._by_epoch.items():
            strength.set(
                _number(schedule.at(keras.ops.cast(epoch, "float32"))) if isinstance(schedule, Schedule) else schedule
            )
        self._assign(self._first_step)

    def on_train_batch_begin(self, batch, logs=None):
        every = self.every or (10 if keras.backend.backend() == "jax" else 1)
        if batch and batch % every == 0:
            self._assign(self._first_step + batch)

    def on_epoch_end(self, epoch, logs=None):
        if logs is not None:
            log_strengths(self.model, logs)

    def _assign(self, step):
        if self._by_step:
            _ = self.model  # on JAX this hands the weights back, which are out of reach while an epoch runs
        for strength, schedule in self._by_step.items():
            strength.set(_number(schedule(step)))


def _chosen(pattern, named):
    if pattern in named:
        # Copies of one regularizer, which loading makes, share a name, and are numbered.
        one = named[pattern]
        same = [name for name, other in named.items() if (other.owner, other.argument) == (one.owner, one.argument)]
        return same if pattern == same[0] else [pattern]
    found = [name for name in named if re.fullmatch(pattern, name)]
    if not found:
        others = ", ".join(named) or "none; they belong to the layers, regularizers and losses of keras_regkit"
        raise ValueError(
            f"`schedules` must name strengths that can move.{did_you_mean(pattern, named)} Received: {pattern!r}. "
            f"Those of this model: {others}. (A layer of Keras holds its strength as a constant of the compiled step: "
            "replace it first, for example with surgery.replace and layers.Dropout, or with surgery.attach and "
            "regularizers.Scheduled)"
        )
    return found


def _check_values(name, strength, schedule, counts_steps, epochs):
    """Raises before training what would be raised when a value out of bounds is reached."""
    if strength.schedule:
        strength.set(0.0)  # says that it is not to be driven
    times = PROBED_STEPS if counts_steps else range(min(epochs, 1000))
    moves = isinstance(schedule, Schedule)
    values = [
        _number((schedule if counts_steps else schedule.at)(keras.ops.cast(t, "float32"))) for t in times if moves
    ]
    for value in values if moves else [schedule]:
        try:
            strength.bounds.check(strength.argument, value)
        except ValueError as error:
            raise ValueError(f"{name!r}: {error}") from None


def _number(tensor):
    return float(keras.ops.convert_to_numpy(tensor))
