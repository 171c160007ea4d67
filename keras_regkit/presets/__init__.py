"""Models with their levers already set well: plain compiled Keras models, ready for `fit`."""

from keras_regkit.presets import recipes
from keras_regkit.presets.causal_transformer import causal_transformer
from keras_regkit.presets.convnet import convnet
from keras_regkit.presets.lstm import lstm
from keras_regkit.presets.mlp import mlp
from keras_regkit.presets.resnet import resnet
from keras_regkit.presets.transformer_encoder import transformer_encoder

__all__ = ["causal_transformer", "convnet", "lstm", "mlp", "recipes", "resnet", "transformer_encoder"]
