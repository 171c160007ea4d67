"""Changing what single layers return, for the calls within a `with`."""

import contextlib
import contextvars
import functools
import threading

# What is done to whose outputs, by the layers' ids: for the calls of this thread alone.
_WANTED = contextvars.ContextVar("wanted_outputs", default=None)
_PATCHED = {}  # class -> [its own `call` or None, uses]
_LOCK = threading.Lock()


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
    with contextlib.ExitStack() as patches:
        patches.callback(_WANTED.reset, token)
        for cls in {type(layer) for layer, _ in functions}:
            _patch(cls)
            patches.callback(_unpatch, cls)
        yield


def _patch(cls):
    # The class and not the layer: replicas of a distributed model are traced in threads of their own.
    with _LOCK:
        entry = _PATCHED.setdefault(cls, [vars(cls).get("call"), 0])
        entry[1] += 1
        if entry[1] == 1:
            cls.call = _handing_through(cls.call)


def _unpatch(cls):
    with _LOCK:
        entry = _PATCHED[cls]
        entry[1] -= 1
        if entry[1] == 0:
            own, _ = _PATCHED.pop(cls)
            if own is None:
                del cls.call
            else:
                cls.call = own


def _handing_through(call):
    @functools.wraps(call)  # Keras reads the signature of every new layer
    def handing_call(layer, *args, **kwargs):
        outputs = call(layer, *args, **kwargs)
        function = (_WANTED.get() or {}).get(id(layer))
        return outputs if function is None else function(outputs)

    return handing_call
