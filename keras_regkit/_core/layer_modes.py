"""Running single layers in training or inference mode, whatever mode the model around them runs in."""

import contextlib
import contextvars
import inspect

from keras_regkit._core.patched_calls import PatchedCalls
from keras_regkit._core.tracking import all_layers

# Which layers run how, by their ids: for the calls of this thread alone.
_WANTED = contextvars.ContextVar("wanted", default=None)


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
    try:
        with _CALLS.around(type(layer) for layer in told):
            yield
    finally:
        _WANTED.reset(token)


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


_CALLS = PatchedCalls(_obedient)
