"""A penalty whose strength moves during training."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.prox import prox
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike


@keras.saving.register_keras_serializable("keras_regkit")
class Scheduled(keras.layers.Layer, keras.regularizers.Regularizer):
    """Multiplies another regularizer by a strength that moves while the model trains.

        penalty(w, t) = strength(t) · regularizer(w)

    Use it to let a penalty grow once the model has learned something, to fade one out, or to change it from outside
    with `callbacks.StrengthSchedule`. It works for kernels, biases and activations, in compiled steps, on every
    backend: the strength is a weight of the layer that holds it. (It is a layer for this reason alone. It is never
    called as one.)

    A schedule counts training steps: the gradients that are taken of the penalty. Evaluating a model does not move it.
    One object may serve many weights, and still counts each step once (on JAX without jit: once for each weight).
    `clone_model` and loading give each layer one of its own, which go on in step. Keras saves nothing of an
    `activity_regularizer` but its config: there a schedule begins anew when a model is loaded, unless
    `callbacks.StrengthMonitor` is in `fit`, which moves it to the optimizer's step.

    Args:
        regularizer: The regularizer, as an object or by name.
        strength: Factor of at least 0: a number, or a schedule over training steps (of `keras_regkit.strengths`, or
            any `keras.optimizers.schedules` object). Defaults to 1.
        name: Name under which the strength is logged. Defaults to `"scheduled"`, numbered.

    Call arguments:
        x: The weights, or the outputs of the layer for an `activity_regularizer`.

    Raises:
        TypeError, ValueError: the strength, or a value that the schedule passes through, is negative or no number.

    Example:

    >>> from keras_regkit.strengths import Linear
    >>> penalty = Scheduled(keras.regularizers.L2(0.01), Linear(0.0, 1.0, steps=1000))
    >>> layer = keras.layers.Dense(8, kernel_regularizer=penalty)
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(
        self, regularizer: str | keras.regularizers.Regularizer, strength: StrengthLike = 1.0, name: str | None = None
    ):
        super().__init__(name=name, dtype="float32", autocast=False)
        regularizer = keras.regularizers.get(regularizer)
        if regularizer is None:
            raise ValueError("`regularizer` must be a regularizer, as an object or by name. Received: None")
        self.regularizer = regularizer
        self._strength = Strength("strength", strength, self.RANGES["strength"], owner=self.name)
        self.built = True

    @property
    def strength(self):
        """The strength as it was given: a number or a schedule."""
        return self._strength.given

    @property
    def kernel_groups(self):
        """What the inner regularizer takes for the units of a kernel; None if it does not look for any."""
        return getattr(self.regularizer, "kernel_groups", None)

    def __call__(self, x):
        return self._strength.scale(lambda strength: strength * self.regularizer(x))

    def prox(self, x, step):
        """Returns the proximal point of the inner regularizer, for a step as many times as long as the strength."""
        if isinstance(step, int | float) and not step >= 0:
            raise ValueError(f"`step` must be in [0, inf). Received: {step!r}")
        return prox(self.regularizer, x, step * self._strength.read())

    def get_config(self):
        return {
            "regularizer": keras.regularizers.serialize(self.regularizer),
            "strength": self._strength.config(),
            "name": self.name,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "regularizer": keras.regularizers.deserialize(config["regularizer"])})
