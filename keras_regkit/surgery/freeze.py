"""Freezing layers, with a say about batch normalization."""

from collections.abc import Callable

import keras

from keras_regkit._core.checks import OneOf
from keras_regkit.surgery.trainable import set_trainable

_BATCH_NORM = OneOf("inference", "train", "keep")
_FLAGS = {"inference": False, "train": True, "keep": None}


def freeze(
    model: keras.Model, where: str | type | tuple[type, ...] | Callable[..., bool], batch_norm: str = "inference"
) -> dict[str, bool]:
    """Keeps the weights of some layers as they are while the others train, in place.

    Use it to fine-tune a pretrained model on little data: a weight that does not move cannot overfit. Freezing does
    nothing to dropout, which still drops; and the penalties of frozen weights drop out of the loss.

    Keras takes no notice of `trainable` until a model is compiled again, so a compiled model is: its optimizer is new
    and has taken no step.

    Args:
        model: A built model of any kind.
        where: A regular expression searched in the layers' paths (`"backbone/block_3/conv"`), a layer class (or a tuple
            of them), or a predicate `layer -> bool`. The layers within a selected one are frozen too.
        batch_norm: What becomes of batch normalization among them. `"inference"`: frozen with the rest; it normalizes
            with its moving statistics, which stay still. `"train"`: it goes on training, scale, offset and statistics.
            `"keep"`: left as it is. Defaults to `"inference"`.

    Returns:
        A dict from the layer's path to its flag, for the layers with weights that changed; with a dict `before`.

    Raises:
        ValueError: no layer is selected.

    A `NoEffectWarning` says when nothing changed.

    Example:

    >>> import keras
    >>> body, head = keras.layers.Dense(4, name="body"), keras.layers.Dense(1, name="head")
    >>> model = keras.Sequential([keras.Input((3,)), body, head])
    >>> freeze(model, "body")
    1 change
      body: True -> False
    """
    _BATCH_NORM.check("batch_norm", batch_norm)
    return set_trainable(model, where, False, _FLAGS[batch_norm])
