"""Running single layers in training or inference mode, whatever mode the model around them runs in."""

import contextlib
import contextvars
import inspect
import threading

from keras_regkit._core.tracking import all_layers

# Which layers run how, by their ids: for the calls of this thread alone.
_WANTED = contextvars.ContextVar("wanted", default=None)
_PATCHED = {}  # class -> [its own `call` or None, uses]
_LOCK = threading.Lock()


@contextlib.contextmanager
def only_in_training(model, layers):
    """Within, a call of `model` runs these `layers` as in training and every other layer as in inference.

    Keras hands the mode down from layer to layer, so one that is told to train would tell the layers within it, and
    after it, the same. Here each layer is told its own. Other layers of the same classes, and calls in other threads,
    are not affected. In a compiled function this is needed while it is traced only.

    Args:
        model: A built model, or any layer.
        layers: Layers within it.
    """
    chosen = {id(layer) for layer in layers}
    told = [layer for layer in all_layers(model) if "training" in layer.call_signature_parameters]
    token = _WANTED.set({**(_WANTED.get() or {}), **{id(layer): id(layer) in chosen for layer in told}})
    with contextlib.ExitStack() as patches:
        patches.callback(_WANTED.reset, token)
        for cls in {type(layer) for layer in told}:
            _patch(cls)
            patches.callback(_unpatch, cls)
        yield


def _patch(cls):
    # The class and not the layer: a stand-in made from all that a layer holds must not call the layer itself.
    with _LOCK:
        entry = _PATCHED.setdefault(cls, [vars(cls).get("call"), 0])
        entry[1] += 1
        if entry[1] == 1:
            cls.call = _obedient(cls.call)


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


def _obedient(call):
    """Returns `call`, but for a training flag that is looked up."""
    signature = inspect.signature(call)

    def obedient_call(layer, *args, **kwargs):
        training = (_WANTED.get() or {}).get(id(layer))
        if training is not None:
            given = signature.bind(layer, *args, **kwargs)
            given.arguments["training"] = training
            return call(*given.args, **given.kwargs)
        return call(layer, *args, **kwargs)

    obedient_call.__signature__ = signature  # Keras reads it of every new layer
    return obedient_call
