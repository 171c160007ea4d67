"""The few steps that each backend does in its own way, since all the time of a resampling is spent there."""

import importlib

import keras


def native(ops):
    """Returns the module of the backend whose tensors `ops` takes.

    It has `bilinear(table, x, y, ops)`, `rows(table, index)`, `barrier(tensors)` and
    `once(make, images, numbers, shape, dtype)`.
    """
    backend = keras.backend.backend() if ops is keras.ops else "tensorflow"
    return importlib.import_module(f"keras_regkit.augmentation.image._{backend}")
