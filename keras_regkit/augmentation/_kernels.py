"""What layers compile, and how much of it they share."""

import hashlib
import inspect
import json
import weakref

import numpy as np

from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._namespace import compiled

# Compiled steps, by the config of their layer, for as long as some layer has them.
_KERNELS: weakref.WeakValueDictionary = weakref.WeakValueDictionary()


class ClassSignature:
    """The `__signature__` of a class that its instances do not have: they are called with inputs.

    Args:
        signature: An `inspect.Signature`.
    """

    def __init__(self, signature):
        self._signature = signature

    def __get__(self, instance, owner):
        if instance is not None:
            raise AttributeError("__signature__")
        return self._signature


def signature(cls):
    """Returns the signature of a class, with the arguments that it passes on to those above it, but Keras' own."""
    ours = [c.__init__ for c in cls.__mro__ if issubclass(c, Augmentation) and "__init__" in vars(c)]
    named, others = {}, {}
    for function in ours:
        for name, parameter in list(inspect.signature(function).parameters.items())[1:]:
            if parameter.kind is inspect.Parameter.VAR_KEYWORD:
                rest = parameter
            elif function is ours[0]:
                named[name] = parameter
            else:
                others.setdefault(name, parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    others = {name: parameter for name, parameter in others.items() if name not in (*named, *cls.without)}
    return inspect.Signature([*named.values(), *others.values(), rest])


def kernel_of(layer):
    """Returns the compiled steps of a layer: one for all layers of the same config, since compilation takes long."""
    key = type(layer), json.dumps(_nameless(layer.get_config()), sort_keys=True, default=_unwritten)
    kernel = _KERNELS.get(key)
    if kernel is None:
        kernel = _KERNELS[key] = compiled(_frozen(layer)._compute)
    return kernel


def _unwritten(value):
    """Returns what stands for a value that JSON cannot write: all of it for arrays, whose `repr` is cut."""
    if isinstance(value, np.ndarray):
        return [str(value.dtype), value.shape, hashlib.sha256(np.ascontiguousarray(value).tobytes()).hexdigest()]
    return repr(value)


def _nameless(config):
    """Returns a config, and those within it, without what has no part in the computation."""
    if isinstance(config, dict):
        kept = {key: value for key, value in config.items() if key not in ("name", "seed", "trainable")}
        # A dtype policy is nothing but its name.
        return {key: value if key == "dtype" else _nameless(value) for key, value in kept.items()}
    return [_nameless(item) for item in config] if isinstance(config, list | tuple) else config


def _frozen(layer):
    """Returns a copy of a layer's attributes: what others share must not change with the layer that came first."""
    steps = layer.steps()
    copy = object.__new__(type(layer))
    copy.__dict__.update(layer.__dict__)
    if steps[0] is not layer:
        steps = [_frozen(step) for step in steps]
        copy.__dict__["steps"] = lambda: steps
    return copy
