"""A strength that can move while a compiled model trains: one mechanism for every component.

A component that takes a number makes a `Strength` of it and reads that in its computation:

    self._rate = Strength("rate", rate, self.RANGES["rate"], owner=self.name)      # in __init__
    rate = self._rate.advance()                                                    # in call, when training

The number lives in a weight, so it is tracked, saved, cloned, and seen by compiled steps on every backend. A schedule
is evaluated in the graph, from a counter that is a weight too.
"""

import weakref
from typing import Any

import keras
from keras import ops

from keras_regkit._core.backend import graph_being_traced, is_traced, to_numpy, when_differentiated
from keras_regkit._core.checks import check_arguments
from keras_regkit._core.tracking import all_layers

Schedule = keras.optimizers.schedules.LearningRateSchedule

# A schedule of unknown making is looked at here, so that a value out of bounds is refused before training.
PROBED_STEPS = (0, 1, 3, *(base * 10**power for power in range(1, 8) for base in (1, 3)))

# What is being loaded, one object for a whole file, and the numbers that were found in it.
_LOADING = {"store": lambda: None, "numbers": {}}


class Strength(keras.layers.Layer):
    """A number or a schedule, held as weights by the component that it belongs to.

    Args:
        argument: Name of the component's argument, for messages.
        value: The strength: a number, a schedule over training steps (any `keras.optimizers.schedules` object, those of
            `keras_regkit.strengths` among them), or the config of one.
        bounds: The legal numbers, with `check(name, value)`.
        owner: Name of the component.
        held: Whether the component is a layer, so that the strength is among the weights of its model. Defaults to
            True.

    Raises:
        TypeError, ValueError: the number, or one that the schedule passes through, is not within the bounds.

    Example:

    >>> from keras_regkit._core.checks import Interval
    >>> strength = Strength("rate", 0.5, Interval(0, 1, closed="left"), owner="my_layer")
    >>> strength.current()
    0.5
    """

    def __init__(self, argument: str, value: Any, bounds: Any, owner: str, held: bool = True):
        super().__init__(name=argument, dtype="float32", autocast=False)
        self.argument = argument
        self.owner = owner
        self.bounds = bounds
        self.held = held
        self.given = _as_object(argument, value)
        self.schedule = self.given if isinstance(self.given, Schedule) else None
        _check_range(argument, self.given, bounds)
        named = ("step", 0, "int32") if self.schedule else ("value", self.given, "float32")
        self.number = self._scalar(*named)
        self._ticked = None
        self._traced = None
        self._followers: list = []
        self.built = True

    def config(self):
        """Returns the strength as it was given, for `get_config`."""
        return keras.saving.serialize_keras_object(self.given) if self.schedule else self.given

    def read(self):
        """Returns the strength as a float32 scalar tensor."""
        return self._at(self.number.value)

    def advance(self):
        """Returns the strength and moves on by one step. For layers, in a training call.

        A layer that is called several times in a compiled step moves on once. In an eager step there is nothing to tell
        one step from the next: there it moves on at each call.
        """
        if not self.schedule:
            return self.read()
        step = self.number.value
        if self._ticked is not None and step is self._ticked[1]:  # JAX: a call of this step has moved on already
            return self._at(self._ticked[0])
        graph = graph_being_traced()
        if graph is not None and self._traced is not None and self._traced[0]() is graph:  # TensorFlow: the same
            return self._traced[1]
        strength, following = self._at(step), step + 1
        self.number.assign(following)
        self._remember(step, following)
        self._traced = None if graph is None else (weakref.ref(graph), strength)
        return strength

    def scale(self, value):
        """Returns `value(strength)`; moves on by one step when a gradient is taken of it, however often it is called.

        For penalties and losses: they are not told whether the model trains, and one object may serve many weights.

        Args:
            value: Function of the strength that returns a tensor.

        Raises:
            ValueError: no layer holds the strength, and JAX would compile it in as a constant.
        """
        step = self.number.value
        # JAX records assignments while it traces: here, another call of the same step has moved on already.
        if self._ticked is not None and step is self._ticked[1]:
            step = self._ticked[0]
        # Elsewhere gradients are taken after all the calls of a step: all of them assign what follows on what they
        # read.
        following = step + 1 if self.schedule else None
        result = value(self._at(step))
        if not self.schedule:
            return result

        def tick():
            if not self.held and is_traced(result) and not is_traced(step):
                raise ValueError(
                    f"The strength of {self.owner!r} is not among the weights of the model, so JAX would compile it in "
                    "as a constant. Add keras_regkit.callbacks.StrengthMonitor() to the callbacks of fit: it hands the "
                    "strength to the model"
                )
            self.number.assign(following)
            self._remember(step, following)

        return when_differentiated(result, tick)

    def set(self, value):
        """Sets a constant strength to another number, also of a model that is being trained."""
        if self.schedule:
            raise ValueError(
                f"The strength {self.argument!r} of {self.owner!r} follows a schedule of its own, {self.given!r}. "
                "Make it with a number to drive it from outside"
            )
        check_arguments({self.argument: self.bounds}, **{self.argument: value})
        self.number.assign(float(value))
        for reference in self._followers:
            if (variable := reference()) is not None:
                variable.assign(float(value))

    def follow(self, variable):
        """Lets a variable of an optimizer have the constant strength too, whenever it is set."""
        self._followers.append(weakref.ref(variable))

    def current(self):
        """Returns the strength as a float."""
        return float(ops.convert_to_numpy(self.read()))

    def load_own_variables(self, store):
        # One object that several layers share is saved with the first of them only, and loading makes copies of it:
        # they take what the first one was given.
        if _LOADING["store"]() is not store:
            _LOADING.update(store=weakref.ref(store), numbers={})
        if len(store.keys()):
            super().load_own_variables(store)
            _LOADING["numbers"][self.owner, self.argument] = to_numpy(self.number)
        elif (self.owner, self.argument) in _LOADING["numbers"]:
            self.number.assign(_LOADING["numbers"][self.owner, self.argument])

    def _remember(self, step, following):
        """Keeps what JAX recorded: the next call of the same step finds `following` where it looks for the step."""
        self._ticked = (step, following) if is_traced(following) else None

    def _at(self, number):
        return ops.cast(self.schedule(number), "float32") if self.schedule else number

    def _scalar(self, name, value, dtype):
        return self.add_weight(
            shape=(),
            initializer=lambda shape, dtype: ops.cast(value, dtype),
            dtype=dtype,
            trainable=False,
            autocast=False,
            aggregation="only_first_replica",
            name=name,
        )


def _as_object(argument, value):
    if isinstance(value, dict):
        value = keras.saving.deserialize_keras_object(value)
    if callable(value) and not isinstance(value, Schedule):
        raise TypeError(
            f"`{argument}` must be a number or a schedule, such as keras_regkit.strengths.Linear or any object of "
            f"keras.optimizers.schedules. Received: {value!r}"
        )
    return value


def _check_range(argument, given, bounds):
    if not isinstance(given, Schedule):
        bounds.check(argument, given)
        return
    for step in PROBED_STEPS:
        value = float(ops.convert_to_numpy(given(step)))
        try:
            bounds.check(argument, value)
        except ValueError as error:
            raise ValueError(f"{error}, at step {step} of {type(given).__name__}") from None


def strengths_in(model):
    """Returns `{name: Strength}` for all strengths within a model, and within its loss.

    A strength is called after its owner; where an owner has several, the argument is added, and where owners share a
    name, a number.
    """
    held = [layer for layer in all_layers(model) if isinstance(layer, Strength)]
    held += [s for loss in keras.tree.flatten(getattr(model, "loss", None)) for s in strengths_of_loss(loss)]
    held = list({id(strength): strength for strength in held}.values())
    arguments = {}
    for strength in held:
        arguments.setdefault(strength.owner, set()).add(strength.argument)
    named = {}
    for strength in held:
        several = len(arguments[strength.owner]) > 1
        name = f"{strength.owner}/{strength.argument}" if several else strength.owner
        unique, count = name, 1
        while unique in named:
            unique, count = f"{name}_{count}", count + 1
        named[unique] = strength
    return named


def strengths_of_loss(loss):
    """Returns the strengths that a loss object holds."""
    return [value for value in vars(loss).values() if isinstance(value, Strength)] if hasattr(loss, "__dict__") else []
