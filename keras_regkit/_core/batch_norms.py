"""The batch normalization layers of a model."""

import keras

from keras_regkit._core.paths import layer_paths


def is_batch_norm(layer):
    """Whether the layer keeps moving statistics of batches, as Keras' own or under the same names."""
    if isinstance(layer, keras.layers.BatchNormalization):
        return True
    return all(hasattr(layer, name) for name in ("moving_mean", "moving_variance", "momentum"))


def batch_norms(model):
    """Returns `{path: layer}` for the batch normalization layers within `model`, each once."""
    found = {path: layer for path, layer in layer_paths(model).items() if is_batch_norm(layer) and layer.built}
    # A wrapper may show the statistics of the layer it holds: those belong to the one inside.
    held = {id(layer.moving_mean): path for path, layer in found.items()}
    return {path: layer for path, layer in found.items() if held[id(layer.moving_mean)] == path}
