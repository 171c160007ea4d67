"""Running single layers in training or inference mode, whatever mode the model around them runs in."""

import contextlib
import contextvars
import inspect
import threading

from keras_regkit._core.tracking import all_layers

# Which of the patched layers run how: for the calls of this thread alone.
_WANTED = contextvars.ContextVar("wanted", default=None)
_PATCHED = {}  # id(layer) -> [layer, uses]
_LOCK = threading.Lock()


@contextlib.contextmanager
def only_in_training(model, layers):
    """Within, a call of `model` runs these `layers` as in training and every other layer as in inference.

    Keras hands the mode down from layer to layer, so one that is told to train would tell the layers within it, and
    after it, the same. Here each layer is told its own. Calls of the same layers in other threads are not affected.
    In a compiled function this is needed while it is traced only.

    Args:
        model: A built model, or any layer.
        layers: Layers within it.
    """
    chosen = {id(layer) for layer in layers}
    told = [layer for layer in all_layers(model) if "training" in layer.call_signature_parameters]
    token = _WANTED.set({**(_WANTED.get() or {}), **{id(layer): id(layer) in chosen for layer in told}})
    with contextlib.ExitStack() as patches:
        patches.callback(_WANTED.reset, token)
        for layer in told:
            _patch(layer)
            patches.callback(_unpatch, layer)
        yield


def _patch(layer):
    with _LOCK:
        entry = _PATCHED.setdefault(id(layer), [layer, 0])
        entry[1] += 1
        if entry[1] == 1:
            vars(layer)["call"] = _obedient(layer)


def _unpatch(layer):
    with _LOCK:
        entry = _PATCHED[id(layer)]
        entry[1] -= 1
        if entry[1] == 0:
            del vars(layer)["call"], _PATCHED[id(layer)]


def _obedient(layer):
    """Returns `layer.call`, but for a training flag that is looked up."""
    call, signature = layer.call, inspect.signature(layer.call)

    def obedient_call(*args, **kwargs):
        training = (_WANTED.get() or {}).get(id(layer))
        if training is not None:
            given = signature.bind(*args, **kwargs)
            given.arguments["training"] = training
            args, kwargs = given.args, given.kwargs
        return call(*args, **kwargs)

    return obedient_call
