"""A straight way from one strength to another."""

import keras

from keras_regkit.strengths.schedule import Ramp


@keras.saving.register_keras_serializable("keras_regkit")
class Linear(Ramp):
    """Moves in a straight line from `start` to `end`, and stays there.

        value(t) = start + (end − start) · min(t / length, 1)

    Use it to bring a lever in once the model has learned something, or to take one out towards the end.

    Args:
        start: Value at time 0.
        end: Value from the end of the way on.
        steps: Length in training steps. Give this or `epochs`.
        epochs: Length in epochs; the value moves from one epoch to the next.
        steps_per_epoch: Steps in an epoch. Needed with `epochs`, except in `callbacks.StrengthSchedule`. Defaults to
            None.

    Raises:
        TypeError, ValueError: a value is no finite number, or not exactly one length is given.

    Example:

    >>> [float(Linear(0.0, 0.5, steps=10)(step)) for step in (0, 5, 10, 99)]
    [0.0, 0.25, 0.5, 0.5]
    """

    def shape(self, share):
        return share
