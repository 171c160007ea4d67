"""Letting frozen layers train again."""

from collections.abc import Callable

import keras

from keras_regkit._core.checks import OneOf
from keras_regkit.surgery.trainable import set_trainable

_BATCH_NORM = OneOf("train", "keep")


def unfreeze(
    model: keras.Model, where: str | type | tuple[type, ...] | Callable[..., bool], batch_norm: str = "train"
) -> dict[str, bool]:
    """Lets the weights of some layers train again, in place.

    Use it for the second stage of fine-tuning, with a learning rate ten times smaller. What holds the layers is marked
    as trainable too, without the other layers in it.

    A compiled model is compiled again: its optimizer is new and has taken no step.

    Args:
        model: A built model of any kind.
        where: A regular expression searched in the layers' paths, a layer class (or a tuple of them), or a predicate
            `layer -> bool`. The layers within a selected one are meant too.
        batch_norm: `"train"`: batch normalization among them trains too, statistics included. `"keep"`: it is left as
            it is, frozen or not, which is safer when batches are small. Defaults to `"train"`.

    Returns:
        A dict from the layer's path to its flag, for the layers with weights that changed; with a dict `before`.

    Raises:
        ValueError: no layer is selected.

    A `NoEffectWarning` says when nothing changed.

    Example:

    >>> import keras
    >>> body, head = keras.layers.Dense(4, name="body"), keras.layers.Dense(1, name="head")
    >>> model = keras.Sequential([keras.Input((3,)), body, head])
    >>> model.trainable = False
    >>> dict(unfreeze(model, "head"))["head"], model.get_layer("body").trainable
    (True, False)
    """
    _BATCH_NORM.check("batch_norm", batch_norm)
    return set_trainable(model, where, True, True if batch_norm == "train" else None)
