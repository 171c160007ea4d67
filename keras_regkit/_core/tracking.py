"""The layers within a layer, and putting one more into a layer that is already built.

Keras has no public way to do either. These are the only private names of it that are used here: `_tracker`, which is
locked once a layer is built, `_flatten_layers`, and `_trainable_variables`.
"""

import keras


def sublayers(layer):
    """Returns the layers directly within `layer`, each once."""
    return layer._flatten_layers(include_self=False, recursive=False)


def all_layers(layer):
    """Returns `layer` and every layer within it, at any depth, each once."""
    return layer._flatten_layers()


def weights_that_may_train(layer):
    """Returns the weights of `layer` and all within it that train unless they are frozen, each once: no statistics.

    The public lists leave out those of frozen layers, or count the statistics.
    """
    return list({id(v): v for part in all_layers(layer) for v in part._trainable_variables}.values())


def adopt(host, attribute, value):
    """Sets `host.attribute = value`, so that a `value` that is a layer becomes one of the host's own, built or not.

    Its weights are then tracked, saved and seen by compiled steps. A layer that was there before is let go, unless
    another attribute of the host holds it too.

    Args:
        host: A layer.
        attribute: Name of the attribute.
        value: The new value: a layer, any other object, or None.
    """
    tracker = host._tracker
    was_locked = tracker.locked
    tracker.unlock()
    try:
        old = getattr(host, attribute, None)
        if old is not value and isinstance(old, keras.layers.Layer):
            # Torch keeps modules apart from other attributes, and refuses to put anything else in their place.
            delattr(host, attribute)
            if not any(held is old for held in _held(host)):
                tracker.untrack(old)
        setattr(host, attribute, value)
    finally:
        if was_locked:
            tracker.lock()


def _held(host):
    modules = getattr(host, "_modules", {})  # torch
    return [*vars(host).values(), *modules.values()]
