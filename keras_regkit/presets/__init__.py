"""Models with their levers already set well: plain compiled Keras models, ready for `fit`."""

from keras_regkit.presets.mlp import mlp

__all__ = ["mlp"]
