"""Which layers are noise, how much of it, and in what mode they are called."""

import functools
import inspect

import keras
import numpy as np

from keras_regkit._core.tracking import all_layers

_DROPOUTS = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.AlphaDropout,
    keras.layers.GaussianDropout,
)


def is_noise(layer):
    """Whether a layer does nothing but add noise in training: a dropout layer or another with a rate and no weights.

    >>> is_noise(keras.layers.GaussianNoise(0.1)), is_noise(keras.layers.Dense(1))
    (True, False)
    """
    if isinstance(layer, (*_DROPOUTS, keras.layers.GaussianNoise)):
        return True
    # Those of this package hold their rate in a weight of their own, which does not train.
    return bool(getattr(layer, "monte_carlo", False)) and hasattr(layer, "rate") and not layer.trainable_weights


def is_dropout(layer):
    """Whether a layer does nothing but drop a share of what it gets.

    >>> is_dropout(keras.layers.SpatialDropout1D(0.1)), is_dropout(keras.layers.GaussianNoise(0.1))
    (True, False)
    """
    return is_noise(layer) and not isinstance(layer, keras.layers.GaussianNoise)


def rates_of(layer):
    """Returns `{argument: rate}` of the shares that a layer drops, those of recurrent and attention layers included.

    >>> rates_of(keras.layers.LSTM(2, dropout=0.5)), rates_of(keras.layers.Dropout(0.2))
    ({'dropout': 0.5}, {'rate': 0.2})
    """
    names = ("dropout", "recurrent_dropout")
    if is_dropout(layer):
        names = ("rate",)
    elif isinstance(layer, keras.Model):
        names = ()
    found = {name: getattr(layer, name, None) for name in names}
    return {name: float(v) for name, v in found.items() if isinstance(v, (int, float)) and 0 < v <= 1}


def is_silent(layer):
    """Whether a noise layer adds none: a rate or a deviation of zero."""
    values = [getattr(layer, name, None) for name in ("rate", "stddev")]
    return any(isinstance(value, (int, float)) and value == 0 for value in values)


@functools.cache
def modes_are_kept():
    """Whether `fit` leaves a layer in the mode that it was called with when a Functional model was put together.

    Measured, once: Keras 3.15 hands the mode of the whole model to every layer instead.
    """
    inputs = keras.Input((64,))
    inner = keras.Sequential([keras.Input((64,)), keras.layers.Dropout(0.5)])
    model = keras.Model(inputs, inner(inputs, training=False))
    outputs = keras.ops.convert_to_numpy(model(np.ones((1, 64), "float32"), training=True))
    return bool((outputs == 1).all())


def fixed_modes(model):
    """Returns `{id(layer): training}` for the layers that run in a mode of their own, whatever mode the model runs in.

    Empty where Keras does not keep to it. Modes handed on by a `call` of the user's are kept, and not seen here.
    """
    if not modes_are_kept():
        return {}
    return {id(part): mode for layer, mode in asked_modes(model) for part in all_layers(layer)}


def asked_modes(model):
    """Returns `[(layer, training)]` of the layers that Functional models call with `training=True` or `False`.

    >>> inputs = keras.Input((3,))
    >>> drop = keras.layers.Dropout(0.5)
    >>> asked_modes(keras.Model(inputs, drop(inputs, training=True))) == [(drop, True)]
    True
    """
    found = []
    for part in all_layers(model):
        if not isinstance(part, keras.Model) or isinstance(part, keras.Sequential):
            continue
        try:
            entries = part.get_config().get("layers", ())
        except Exception:  # configs are made by users' code
            continue
        for entry in entries:
            nodes = entry.get("inbound_nodes", ()) if isinstance(entry, dict) else ()
            told = {node.get("kwargs", {}).get("training") for node in nodes if isinstance(node, dict)}
            if len(told) == 1 and isinstance(mode := told.pop(), bool):
                layer = part.get_layer(entry["name"])
                if mode is not _default_mode(layer):
                    found.append((layer, mode))
    return found


def _default_mode(layer):
    """The default of `training` in a layer's call, which Keras notes down as if it had been asked for."""
    parameter = inspect.signature(layer.call).parameters.get("training")
    return None if parameter is None else parameter.default
