"""Putting a mixin into the optimizer of a compiled model."""

import warnings

from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.optimizers.mix import add_mixin, take_mixin
from keras_regkit.surgery import copy, recompile


def set_mixin(model, mixin, off=False, **arguments):
    """Returns a copy of the model, compiled with its optimizer and a mixin.

    Args:
        model: A compiled model.
        mixin: The mixin.
        off: Whether to take the mixin out instead.
        **arguments: Arguments of the mixin, or of the optimizer, that shall differ.
    """
    optimizer = without_loss_scale(model.optimizer)
    has = isinstance(optimizer, mixin)
    config = optimizer.get_config()
    if off != has and all(config.get(name) == value for name, value in arguments.items()):
        already = "has no" if off else "has the same"
        warnings.warn(
            f"The optimizer {already} {mixin.__name__} already: nothing changed", NoEffectWarning, stacklevel=4
        )
        return recompile(copy(model))
    if off:
        return recompile(copy(model), optimizer=take_mixin(optimizer, mixin))
    return recompile(copy(model), optimizer=add_mixin(optimizer, mixin, **arguments))
