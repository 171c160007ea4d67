"""An average that follows training: exponential, or the plain mean."""

import numpy as np
from keras import ops

from keras_regkit._core.after_step import AfterStep, step_variable, when
from keras_regkit._core.backend import to_numpy


class RunningAverage:
    """The average of some of a model's variables, one copy of them.

    While the average is in the model, the copy holds the weights of training instead: the two change places. Only for
    variables of half precision, whose average is kept in float32, are the weights put aside.

    Args:
        share: Function of the number of updates so far, a float tensor; returns the share of the present weights.
        every: Steps between updates, or None: only `collect` updates.
    """

    def __init__(self, share, every):
        self.share = share
        self.every = every
        self.model = None
        self.variables, self.averages = [], []
        self.in_model = False
        self._aside = {}
        self._hook = self._updates = self._steps = None
        self._last = 0

    @property
    def updates(self):
        """How often the average was updated; while steps are taken, how often at the last epoch's end."""
        return self._last

    def start(self, model, variables):
        """Begins to follow the variables that it does not yet follow, from their present values on."""
        if self.model is None:
            self.model = model
            self._updates, self._steps = step_variable(model, 0, "int32"), step_variable(model, 0, "int32")
        known = {id(v) for v in self.variables}
        for variable in variables:
            if id(variable) not in known:
                value = to_numpy(variable)
                dtype = "float32" if value.dtype.itemsize < 4 else value.dtype.name
                self.variables.append(variable)
                self.averages.append(step_variable(model, value.astype(dtype), dtype))

    def follow_steps(self):
        """Before training steps: they update the average, from the next one on."""
        if self.every is None:
            return
        if self._hook is None:
            self._hook = AfterStep(self.model, (), self._after_step)
        fresh = [self._updates, self._steps, *self.averages]
        grown, self._hook.variables = len(fresh) > len(self._hook.variables), fresh
        if not self._hook.installed:
            self._hook.install()
        elif grown or self._hook.optimizer is not self.model.optimizer:
            self._hook.renew()
        else:
            self._hook.lend()

    @property
    def is_outdated(self):
        """Whether the model got another optimizer since `follow_steps`, with other weights to train perhaps."""
        return self._hook is not None and self._hook.optimizer is not self._hook.model.optimizer

    def rest(self):
        """After training steps."""
        if self._hook is not None:
            self._hook.take_back()
        self._last = int(to_numpy(self._updates)) if self.model is not None else 0

    def collect(self):
        """Updates the average now."""
        updates = to_numpy(self._updates)
        share = float(ops.convert_to_numpy(self.share(ops.cast(updates, "float32"))))
        for variable, average in zip(self.variables, self.averages, strict=True):
            old = to_numpy(average)
            average.assign(old + old.dtype.type(share) * (to_numpy(variable).astype(old.dtype) - old))
        self._updates.assign(updates + 1)
        self._last += 1

    def put(self):
        """Puts the average into the model."""
        for variable, average in zip(self.variables, self.averages, strict=True):
            value, raw = to_numpy(average), to_numpy(variable)
            variable.assign(value.astype(raw.dtype))
            if value.dtype == raw.dtype:
                average.assign(raw)
            else:
                self._aside[id(variable)] = raw
        self.in_model = True

    def take(self):
        """Puts the weights of training back into the model."""
        for variable, average in zip(self.variables, self.averages, strict=True):
            if id(variable) in self._aside:
                variable.assign(self._aside[id(variable)])
                continue
            value = to_numpy(variable)
            variable.assign(to_numpy(average))
            average.assign(value)
        self._aside = {}
        self.in_model = False

    def stop(self):
        """Leaves the model as it is, and its training step as it was."""
        if self._hook is not None:
            self._hook.remove()
        self._hook = None

    def state(self):
        """Returns what `set_state` needs, as a list of arrays. The average must be in the model."""
        pairs = zip(self.variables, self.averages, strict=True)
        raw_first = [
            (self._aside[id(v)], to_numpy(a)) if id(v) in self._aside else (to_numpy(a), to_numpy(v)) for v, a in pairs
        ]
        counters = np.array([to_numpy(self._updates), to_numpy(self._steps)])
        return [counters, *(array for pair in raw_first for array in pair)]

    def set_state(self, state):
        """Goes on from a state: the weights of training are put into the model, and the average takes up again."""
        counters, *arrays = state
        self._updates.assign(counters[0])
        self._steps.assign(counters[1])
        for index, (variable, average) in enumerate(zip(self.variables, self.averages, strict=True)):
            variable.assign(arrays[2 * index])
            average.assign(arrays[2 * index + 1])
        self._last = int(counters[0])

    def shapes(self):
        """Shapes of the arrays in `state`."""
        return [(2,), *(tuple(v.shape) for v in self.variables for _ in range(2))]

    def _after_step(self, stepped):
        updates = ops.convert_to_tensor(self._updates)
        steps = ops.add(self._steps, ops.cast(stepped, "int32"))
        due = ops.logical_and(stepped, ops.equal(ops.mod(steps, self.every), 0))
        # Not due, the share is zero: where the step cannot branch, the average is computed and stays.
        share = ops.where(due, self.share(ops.cast(updates, "float32")), 0.0)

        def update():
            for variable, average in zip(self.variables, self.averages, strict=True):
                old = ops.convert_to_tensor(average)
                new = ops.cast(variable, average.dtype)
                average.assign(ops.add(old, ops.multiply(ops.cast(share, average.dtype), ops.subtract(new, old))))

        if self.every == 1:
            update()
        else:
            when(due, self.model, update)
        self._steps.assign(steps)
        self._updates.assign(ops.add(updates, ops.cast(due, "int32")))
