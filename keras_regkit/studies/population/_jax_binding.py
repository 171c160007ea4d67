"""Numbers of Keras' own objects as inputs of a compiled program."""

import contextlib

from keras_regkit.studies.population.slots import filled


class Traced:
    """A number that is "on" wherever Python asks, and a tracer in arithmetic.

    `if rate > 0`, `if self.l2:` are decided while a program is traced, for all its members: they take the branch that
    computes, which is exact for zero too. Rates of 1 are refused by the cards.
    """

    __slots__ = ("value",)
    __hash__ = None  # type: ignore[assignment]  # as Python's manual has it

    def __init__(self, value):
        self.value = value

    def __jax_array__(self):
        return self.value

    @property
    def dtype(self):
        return self.value.dtype

    @property
    def shape(self):
        return self.value.shape

    def __bool__(self):
        return True

    def __gt__(self, other):
        return True

    def __ge__(self, other):
        return True

    def __lt__(self, other):
        return True

    def __le__(self, other):
        return True

    def __eq__(self, other):
        return False

    def __ne__(self, other):
        return True

    def __add__(self, other):
        return self.value + other

    def __sub__(self, other):
        return self.value - other

    def __rsub__(self, other):
        return other - self.value

    def __mul__(self, other):
        return self.value * other

    def __truediv__(self, other):
        return self.value / other

    def __rtruediv__(self, other):
        return other / self.value

    def __neg__(self):
        return -self.value

    def __pow__(self, other):
        return self.value**other

    __radd__, __rmul__ = __add__, __mul__


@contextlib.contextmanager
def bound(found, values):
    """Within, each slot holds its traced value; those that are variables have theirs in the state."""
    pairs = [(slot, v) for slot, v in zip(found, values, strict=True) if not slot.variable]
    with filled([slot for slot, _ in pairs], [Traced(v) if slot.branches else v for slot, v in pairs]):
        yield
