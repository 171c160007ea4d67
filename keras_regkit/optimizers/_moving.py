"""Moving strengths as an optimizer sees them."""

from keras import ops

from keras_regkit._core.backend import eagerly, to_numpy
from keras_regkit._core.prox import without_strengths


class MovingStrengths:
    """The strengths of all `Scheduled` regularizers of an optimizer's variables.

    Args:
        variables: The model's variables.
        optimizer: The optimizer, being built.
    """

    def __init__(self, variables, optimizer):
        self._by_id = {}
        for variable in variables:
            for strength in without_strengths(variable.regularizer)[1]:
                if id(strength) not in self._by_id:
                    self._by_id[id(strength)] = _MovingStrength(strength, optimizer)

    def product(self, strengths):
        """Returns what the strengths multiply to: a float32 scalar, or 1 where there are none."""
        factor = 1.0
        for strength in strengths:
            factor = factor * self._by_id[id(strength)].read()
        return factor


class _MovingStrength:
    """The strength of a `Scheduled` regularizer, read from variables of the optimizer.

    JAX shows an optimizer none of the model's variables: those would be constants in the compiled step.

    Args:
        strength: The `Strength`.
        optimizer: The optimizer, which gets one more variable: how many steps the schedule was ahead when training
            began; or the strength itself where it is a number, which follows what is set.
    """

    def __init__(self, strength, optimizer):
        self.schedule = strength.schedule
        self.optimizer = optimizer
        with eagerly():
            value = to_numpy(strength.number)
            if self.schedule:
                value = value - to_numpy(optimizer._iterations)
        self.number = optimizer.add_variable(
            shape=(),
            initializer=lambda shape, dtype: ops.convert_to_tensor(value, dtype),
            dtype=strength.number.dtype,
            aggregation="only_first_replica",
            name=f"{strength.owner}_{strength.argument}",
        )
        if not self.schedule:
            strength.follow(self.number)

    def read(self):
        """Returns the strength of the gradient that was last taken, as a float32 scalar."""
        number = ops.convert_to_tensor(self.number)
        if not self.schedule:
            return number
        return ops.cast(self.schedule(ops.cast(self.optimizer._iterations, number.dtype) + number), "float32")
