"""Where the random generators of a model stand, so that another pass draws the same numbers as the first, or others."""

import contextlib
import contextvars
import importlib
import threading

import keras
from keras import ops

from keras_regkit.training._wrapper import seed_states

# Added to the count of draws: a model takes fewer steps than that.
_FAR_AWAY = 1 << 30


class Noise:
    """Where the generators of `model` stand when it is made."""

    def __init__(self, model):
        self._before = [(state, state.value * 1) for state in seed_states(model)]  # times 1 makes a copy
        self._torch = _torch_noise().generator_states() if keras.backend.backend() == "torch" else None

    def states(self, same):
        """Returns pairs (variable, value) with which a pass draws the same numbers, or such as no other step draws."""
        if same:
            return self._before
        shift = [0, _FAR_AWAY]
        return [(state, value + ops.convert_to_tensor(shift, value.dtype)) for state, value in self._before]

    def generators(self, same):
        """Within, dropout layers without a seed draw the same numbers, or others. They are the backend's on torch."""
        if self._torch is None:
            return contextlib.nullcontext()
        return _torch_noise().generators_at(self._torch if same else None)


class Handover(threading.local):
    """Holds what a model's `call` leaves for its loss, in the same step. Replicas run in threads of their own."""

    value = None

    def take(self):
        """Returns the value, and forgets it."""
        value, self.value = self.value, None
        return value

    def __reduce__(self):
        return Handover, ()


_FURTHER = contextvars.ContextVar("further_pass", default=False)


def in_further_pass():
    """Whether the model runs within `further_pass`."""
    return _FURTHER.get()


@contextlib.contextmanager
def further_pass():
    """Within, wrappers pass their inputs on, and do nothing of their own in training."""
    token = _FURTHER.set(True)
    try:
        yield
    finally:
        _FURTHER.reset(token)


def _torch_noise():
    return importlib.import_module(f"{__package__}._torch_noise")
