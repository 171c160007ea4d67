"""A way from one strength to another that slows down."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.strengths.schedule import Ramp


@keras.saving.register_keras_serializable("keras_regkit")
class Polynomial(Ramp):
    """Moves from `start` to `end` by a power of the time that is left, and stays there.

        value(t) = end + (start − end) · (1 − min(t / length, 1))^power

    Use it with a power above 1 to make most of the way early: the cubic schedule of gradual pruning has power 3.

    Args:
        start: Value at time 0.
        end: Value from the end of the way on.
        steps: Length in training steps. Give this or `epochs`.
        epochs: Length in epochs; the value moves from one epoch to the next.
        power: Exponent above 0; 1 is a straight line. Defaults to 3.
        steps_per_epoch: Steps in an epoch. Needed with `epochs`, except in `callbacks.StrengthSchedule`. Defaults to
            None.

    Raises:
        TypeError, ValueError: a value is no finite number, or not exactly one length is given.

    Reference:
        Zhu & Gupta 2017, "To prune, or not to prune", eq. 1.

    Example:

    >>> [float(Polynomial(1.0, 0.0, steps=2)(step)) for step in (0, 1, 2)]
    [1.0, 0.125, 0.0]
    """

    def __init__(
        self,
        start: float,
        end: float,
        steps: int | None = None,
        epochs: int | None = None,
        power: float = 3.0,
        steps_per_epoch: int | None = None,
    ):
        Interval(0, closed="neither").check("power", power)
        super().__init__(start, end, steps, epochs, steps_per_epoch)
        self.power = power

    def shape(self, share):
        return 1.0 - (1.0 - share) ** self.power

    def get_config(self):
        return {**super().get_config(), "power": self.power}
