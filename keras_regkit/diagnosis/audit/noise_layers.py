"""Which layers are noise, how much of it, and in what mode they are called."""

import keras

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


def rates_of(layer):
    """Returns `{argument: rate}` of the shares that a layer drops, those of recurrent and attention layers included.

    >>> rates_of(keras.layers.LSTM(2, dropout=0.5)), rates_of(keras.layers.Dropout(0.2))
    ({'dropout': 0.5}, {'rate': 0.2})
    """
    names = ("dropout", "recurrent_dropout")
    if is_noise(layer) and not isinstance(layer, keras.layers.GaussianNoise):
        names = ("rate",)
    elif isinstance(layer, keras.Model):
        names = ()
    found = {name: getattr(layer, name, None) for name in names}
    return {name: float(v) for name, v in found.items() if isinstance(v, (int, float)) and 0 < v <= 1}


def is_silent(layer):
    """Whether a noise layer adds none: a rate or a deviation of zero."""
    values = [getattr(layer, name, None) for name in ("rate", "stddev")]
    return any(isinstance(value, (int, float)) and value == 0 for value in values)


def fixed_modes(model):
    """Returns `{id(layer): training}` for the layers that Functional models call with `training=True` or `False`.

    `backbone(x, training=False)` keeps everything within it in inference mode, whatever `fit` says.

    >>> inputs = keras.Input((3,))
    >>> drop = keras.layers.Dropout(0.5)
    >>> fixed_modes(keras.Model(inputs, drop(inputs, training=True))) == {id(drop): True}
    True
    """
    modes = {}
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
                modes.update(dict.fromkeys(map(id, all_layers(part.get_layer(entry["name"]))), mode))
    return modes
