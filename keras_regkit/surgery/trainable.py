"""Changing which layers train, each by itself, and compiling again, as Keras wants it after that."""

import warnings

from keras_regkit._core.paths import layer_paths
from keras_regkit._core.tracking import all_layers
from keras_regkit._core.trainable import set_flags
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit._core.where import select
from keras_regkit.surgery.changes import Changes
from keras_regkit.surgery.recompile import recompile


def set_trainable(model, where, value, batch_norm):
    """Sets `trainable` of the layers that `where` selects and of those within, in place.

    Args:
        model: A built model of any kind.
        where: See `select`.
        value: The flag for all but batch normalization.
        batch_norm: The flag for batch normalization; None leaves each as it is.

    Returns:
        `Changes`: path -> flag, for the layers with weights whose flag changed.
    """
    meant = {id(inner): inner for layer in select(model, where).values() for inner in all_layers(layer)}
    changed, before = set_flags(model, meant, value, batch_norm)
    if not changed:
        warnings.warn(
            f"No layer of {model.name!r} changed: trainable={value} already, or without weights. "
            f"Selected: {[path for path, layer in layer_paths(model).items() if id(layer) in meant]}",
            NoEffectWarning,
            stacklevel=3,
        )
    elif model.compiled:
        recompile(model)
    return Changes(changed, before)
