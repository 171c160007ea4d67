"""What schedules share: a clock that counts steps, or epochs of so many steps."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval

LENGTH = Interval(0, closed="neither", optional=True)
FINITE = Interval()


class Schedule(keras.optimizers.schedules.LearningRateSchedule):
    """A number that depends on how far training has come. Subclasses say how, in `at(time)`.

    Args:
        unit: `"steps"` or `"epochs"`. An epoch counts as a whole: the value moves from one epoch to the next.
        steps_per_epoch: Steps in an epoch. Needed to count epochs within a compiled step; `callbacks.StrengthSchedule`
            knows it by itself.
    """

    def __init__(self, unit, steps_per_epoch=None):
        super().__init__()
        Interval(1, integer=True, optional=True).check("steps_per_epoch", steps_per_epoch)
        if unit == "steps" and steps_per_epoch is not None:
            raise ValueError("`steps_per_epoch` is for schedules over `epochs`. Leave it out, or give `epochs`")
        self.unit = unit
        self.steps_per_epoch = steps_per_epoch

    def __call__(self, step):
        time = ops.cast(step, "float32")
        if self.unit == "epochs":
            if self.steps_per_epoch is None:
                raise ValueError(
                    f"A {type(self).__name__} over epochs needs `steps_per_epoch`, since a compiled step does not know "
                    "the epoch. Give it, or drive the strength with keras_regkit.callbacks.StrengthSchedule"
                )
            time = ops.floor(time / self.steps_per_epoch)
        return self.at(time)

    def at(self, time):
        """Returns the value at a time in the schedule's unit, a float32 scalar tensor."""
        raise NotImplementedError

    def __repr__(self):
        given = {name: getattr(self, name) for name in self.get_config()}
        arguments = ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)
        return f"{type(self).__name__}({arguments})"


class Ramp(Schedule):
    """A way from `start` to `end` in so many steps or epochs; `end` from there on. Subclasses give its shape."""

    def __init__(
        self,
        start: float,
        end: float,
        steps: int | None = None,
        epochs: int | None = None,
        steps_per_epoch: int | None = None,
    ):
        FINITE.check("start", start)
        FINITE.check("end", end)
        super().__init__(unit_of(steps, epochs), steps_per_epoch)
        self.start = start
        self.end = end
        self.steps = steps
        self.epochs = epochs

    def at(self, time):
        share = ops.clip(time / (self.steps or self.epochs), 0.0, 1.0)
        return self.start + (self.end - self.start) * self.shape(share)

    def shape(self, share):
        """Returns the share of the way that is covered when this share of the time has passed."""
        raise NotImplementedError

    def get_config(self):
        return {
            "start": self.start,
            "end": self.end,
            "steps": self.steps,
            "epochs": self.epochs,
            "steps_per_epoch": self.steps_per_epoch,
        }


def unit_of(steps, epochs):
    """Returns `"steps"` or `"epochs"`, whichever length is given."""
    LENGTH.check("steps", steps)
    LENGTH.check("epochs", epochs)
    if (steps is None) == (epochs is None):
        raise ValueError(f"Give the length as `steps` or as `epochs`. Received: steps={steps}, epochs={epochs}")
    return "epochs" if steps is None else "steps"
