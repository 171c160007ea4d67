"""Putting one of our penalties on the hidden layers of a model."""

import keras

from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.surgery import replace

# A kernel has one penalty: those of Keras give way, as the cards say.
_CORE = (keras.regularizers.L1, keras.regularizers.L2, keras.regularizers.L1L2)


def penalize_kernels(model, make, strength, suits=lambda layer: True):
    """Returns a copy of the model with a penalty on every hidden kernel.

    Args:
        model: The model.
        make: Class of the penalty, or a function of a strength and a layer that returns one.
        strength: Its strength. At 0 the penalty is taken off where it is, and others are left alone.
        suits: Predicate over hidden layers: which of them the penalty is made for.
    """
    return _penalize(model, "kernel_regularizer", make, strength, suits)


def penalize_activities(model, make, strength, suits=lambda layer: True):
    """Returns a copy of the model with a penalty on the outputs of every hidden layer: see `penalize_kernels`."""
    return _penalize(model, "activity_regularizer", make, strength, suits)


def _penalize(model, key, make, strength, suits):
    layers = [layer for layer in hidden_layers(model) if suits(layer)]

    def rule(layer):
        old = getattr(layer, key)
        new = make(strength, layer)
        if old is not None and not isinstance(old, (type(new), *_CORE)):
            raise ValueError(
                f"Layer {layer.name!r} has a {key} of its own, {type(old).__name__}, which {type(new).__name__} would "
                "overwrite. Take it off first, or leave this lever out"
            )
        if strength == 0:
            return edited(layer, **{key: None}) if isinstance(old, type(new)) else None
        return edited(layer, **{key: new})

    return replace(model, only(layers), rule)
