"""Changing what single layers return, for the calls within a `with`."""

import contextlib
import contextvars
import functools

from keras_regkit._core.patched_calls import PatchedCalls

# What is done to whose outputs, by the layers' ids: for the calls of this thread alone.
_WANTED = contextvars.ContextVar("wanted_outputs", default=None)


@contextlib.contextmanager
def outputs_through(functions):
    """Within, what some layers return is handed through functions first.

    Other layers of the same classes, and calls in other threads, are not affected. In a compiled function this is
    needed while it is traced only.

    Args:
        functions: Pairs of a layer and a function of its output.
    """
    functions = list(functions)
    token = _WANTED.set({**(_WANTED.get() or {}), **{id(layer): function for layer, function in functions}})
    try:
        with _CALLS.around(type(layer) for layer, _ in functions):
            yield
    finally:
        _WANTED.reset(token)


def _handing_through(call):
    @functools.wraps(call)  # Keras reads the signature of every new layer
    def handing_call(layer, *args, **kwargs):
        outputs = call(layer, *args, **kwargs)
        function = (_WANTED.get() or {}).get(id(layer))
        return outputs if function is None else function(outputs)

    return handing_call


_CALLS = PatchedCalls(_handing_through)
