"""Putting another loss in the place of a cross-entropy."""

import inspect
import warnings

import keras

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.surgery import copy, recompile

_CLASSES = {
    keras.losses.binary_crossentropy: keras.losses.BinaryCrossentropy,
    keras.losses.categorical_crossentropy: keras.losses.CategoricalCrossentropy,
    keras.losses.sparse_categorical_crossentropy: keras.losses.SparseCategoricalCrossentropy,
}


def as_object(loss):
    """The cross-entropies are compiled by name, as functions or as objects; here they become objects."""
    found = keras.losses.get(loss) if isinstance(loss, str) else loss
    return _CLASSES[found]() if inspect.isfunction(found) and found in _CLASSES else found


def replacing(name, cls, arguments):
    """Returns the `rewrite` of a lever whose loss `cls` takes the place of a plain cross-entropy.

    Args:
        name: Name of the lever, for messages.
        cls: The loss, which is the plain cross-entropy at the strength 0 of the lever.
        arguments: Function of the lever's strength that returns arguments of `cls`.
    """

    def rewrite(model, strength):
        old = as_object(model.loss)
        if isinstance(old, cls):
            new = cls.from_config({**old.get_config(), **arguments(strength)})
        else:
            options = _options(name, old)
            new = cls(**arguments(strength), **options) if strength else old
        if keras.losses.serialize(new) == keras.losses.serialize(old):
            warnings.warn(f"{name!r} is at {strength} already: nothing changed", NoEffectWarning, stacklevel=4)
        return recompile(copy(model), loss=new)

    return rewrite


def _options(name, loss):
    """What the new loss takes over from a plain cross-entropy."""
    if type(loss) not in _CLASSES.values():
        kind = getattr(loss, "__name__", type(loss).__name__)
        raise ValueError(
            f"{name!r} needs a model compiled with one cross-entropy (binary, categorical or sparse categorical). "
            f"Received: {kind}"
        )
    config = loss.get_config()
    if config.get("label_smoothing"):
        raise ValueError(
            f"{name!r} takes the place of the loss, which smooths its labels by {config['label_smoothing']:g}. Use one "
            "of the two"
        )
    if config.get("ignore_class") is not None or config.get("axis", -1) != -1:
        raise ValueError(
            f"{name!r} needs a loss with axis=-1 and ignore_class=None. Received: axis={config.get('axis')}, "
            f"ignore_class={config.get('ignore_class')}"
        )
    options = {"from_logits": config["from_logits"], "reduction": config["reduction"]}
    return {**options, "multi_label": type(loss) is keras.losses.BinaryCrossentropy}
