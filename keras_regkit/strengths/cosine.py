"""A way from one strength to another that begins and ends gently."""

import math

import keras
from keras import ops

from keras_regkit.strengths.schedule import Ramp


@keras.saving.register_keras_serializable("keras_regkit")
class Cosine(Ramp):
    """Moves along half a cosine from `start` to `end`, and stays there.

        value(t) = end + (start − end) · (1 + cos(π · min(t / length, 1))) / 2

    Use it where a strength should neither start nor stop moving with a jerk.

    Args:
        start: Value at time 0.
        end: Value from the end of the way on.
        steps: Length in training steps. Give this or `epochs`.
        epochs: Length in epochs; the value moves from one epoch to the next.
        steps_per_epoch: Steps in an epoch. Needed with `epochs`, except in `callbacks.StrengthSchedule`. Defaults to
            None.

    Raises:
        TypeError, ValueError: a value is no finite number, or not exactly one length is given.

    Reference:
        Loshchilov & Hutter 2017, "SGDR: Stochastic Gradient Descent with Warm Restarts", eq. 5, without restarts.

    Example:

    >>> [round(float(Cosine(1.0, 0.0, steps=10)(step)), 3) for step in (0, 5, 10)]
    [1.0, 0.5, 0.0]
    """

    def shape(self, share):
        return (1.0 - ops.cos(math.pi * share)) / 2.0
