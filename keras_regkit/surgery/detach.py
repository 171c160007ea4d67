"""Taking penalties off a model that exists."""

import warnings
from collections.abc import Callable

import keras

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.surgery.attach import finish
from keras_regkit.surgery.changes import Changes
from keras_regkit.surgery.penalties import selected_weights, set_regularizer


def detach(
    model: keras.Model, where: str | type | tuple[type, ...] | Callable[..., bool] | None = None
) -> dict[str, None]:
    """Takes the penalties off the weights of an existing model, in place: biases and scales too.

    Activity regularizers, and what layers add in their call, stay. So do penalties that are functions or methods, not
    regularizers: layers that learn something of their own, such as `ConcreteDropout`, need them. The next `fit` does
    without the others, also of a model that was fit before.

    Args:
        model: A built model of any kind.
        where: A regular expression searched in the layers' paths, a layer class (or a tuple of them), or a predicate
            `layer -> bool`. Defaults to all layers.

    Returns:
        A dict from the weight's path to None, with a dict `before` of the regularizers taken off.

    Raises:
        ValueError: no layer is selected.
        TypeError: `model` is no Keras model.

    A `NoEffectWarning` says when there was nothing to take off.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(4, kernel_regularizer="l2", name="hidden")])
    >>> detach(model).before["hidden/kernel"] is not None, model.losses
    (True, [])
    """
    weights = selected_weights(model, where)
    changed = [weight for weight in weights if weight.variable.regularizer is not None]
    before = {weight.path: weight.variable.regularizer for weight in changed}
    for weight in changed:
        set_regularizer(weight, None)
    finish(model, changed)
    if not changed:
        warnings.warn(
            f"No weight had a penalty among {[weight.path for weight in weights]} of {model.name!r}",
            NoEffectWarning,
            stacklevel=2,
        )
    return Changes(dict.fromkeys(before), before)
