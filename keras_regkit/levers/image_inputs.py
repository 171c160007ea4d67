"""Putting an augmentation layer behind the images that come into a model."""

import keras

from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation.image._images import is_channels_first
from keras_regkit.levers.hidden import only
from keras_regkit.surgery import insert_before, replace
from keras_regkit.surgery.graph import feeders
from keras_regkit.surgery.rebuild import check_rewritable

# A first layer that divides by as much as this, or more, has pixels of 0 to 255 before it.
_DIVIDES_BY = 100
_BEFORE_ALL = (keras.layers.InputLayer, Augmentation)


def behind_images(make, ranged=False, colours=False):
    """Returns the `rewrite` of a card: it sets the layer that there is, or puts a new one behind the images.

    Args:
        make: Function of the strength and the images' height and width (or None) that returns a layer.
        ranged: Whether the layer must know the range of the pixels; it is then given as `value_range`.
        colours: Whether the layer needs images of three channels.
    """

    def rewrite(model, strength):
        check_rewritable(model)
        height, width, channels = _image_shape(model)
        if colours and channels != 3:
            raise ValueError(
                f"The images must have 3 channels, red, green and blue. Received: {model.name!r}, with {channels}"
            )
        known = {"value_range": _value_range(model)} if ranged else {}
        layer = make(strength, height, width, **known)
        there = [old for old in model.layers if type(old) is type(layer)]
        if there:
            return replace(model, only(there), lambda old: make(strength, height, width, **known))
        return insert_before(model, only([_first_layer(model)]), lambda _: layer)

    return rewrite


def _image_shape(model):
    """Returns height, width and channels of the model's images."""
    inputs = model.inputs or []
    if len(inputs) != 1 or len(inputs[0].shape) != 4:
        raise ValueError(
            "The model must have one input, of images (batch, height, width, channels). Received: "
            f"{model.name!r}, with {[tuple(tensor.shape) for tensor in inputs]}. Put the layer where its images come "
            "in, or in augmentation.pipeline"
        )
    shape = tuple(inputs[0].shape[1:])
    return (*shape[1:], shape[0]) if is_channels_first(None) else shape


def _first_layer(model):
    """Returns the one layer that the images go into."""
    if isinstance(model, keras.Sequential):
        return model.layers[0]
    names = {layer.name for layer in model.layers if isinstance(layer, keras.layers.InputLayer)}
    sources = feeders(model)
    readers = [layer for layer in model.layers if names.intersection(sources[layer.name])]
    if len(readers) != 1 or len(sources[readers[0].name]) != 1:
        raise ValueError(
            f"The images must go into one layer first. Received: {model.name!r}, where they go into "
            f"{[layer.name for layer in readers]}. Put the layer behind its input by hand"
        )
    return readers[0]


def _value_range(model):
    """Returns the range of the pixels, as far as the model tells."""
    if "int" in keras.backend.standardize_dtype(model.inputs[0].dtype):
        return 0, 255
    first = next((layer for layer in model.layers if not isinstance(layer, _BEFORE_ALL)), None)
    scale = getattr(first, "scale", None) if isinstance(first, keras.layers.Rescaling) else None
    if isinstance(scale, int | float) and 0 < scale <= 1 / _DIVIDES_BY:
        return 0, 255
    raise ValueError(
        f"Which values the pixels have cannot be seen from {model.name!r}: it has no keras.layers.Rescaling(1 / 255) "
        "at its beginning. Put the layer behind its input by hand, with value_range=(0, 1) or whatever they have"
    )
