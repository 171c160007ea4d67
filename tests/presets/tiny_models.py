"""One tiny model per builder, plain and with every lever, and data that fit."""

import dataclasses
from collections.abc import Callable

import keras
import numpy as np

from keras_regkit import layers, presets

RNG = np.random.default_rng(0)
IMAGES = RNG.normal(size=(8, 8, 8, 2)).astype("float32")
SERIES = RNG.normal(size=(8, 6, 2)).astype("float32")
TOKENS = RNG.integers(1, 11, size=(8, 6))
TOKENS[::2, 4:] = 0
CLASSES = np.arange(8) % 3
COMPILED = {"weight_decay": 0.1, "clip_norm": 1.0, "label_smoothing": 0.1, "learning_rate": 0.01}


@dataclasses.dataclass(frozen=True)
class Tiny:
    """A builder, the least it needs, its levers (each has 0 as its plain value) and data."""

    build: Callable
    arguments: dict
    levers: dict
    x: np.ndarray
    y: np.ndarray

    @property
    def shallow(self):
        """The same with one block or layer of each kind, where it is compilers that take the time."""
        once = {"blocks": 1, "convolutions": 1, "units": 4}
        return dataclasses.replace(self, arguments={k: once.get(k, v) for k, v in self.arguments.items()})

    def plain(self, **changes):
        return self.build(**{**self.arguments, **dict.fromkeys(self.levers, 0.0), "seed": 0, **changes})

    def levered(self, **changes):
        return self.build(**{**self.arguments, **self.levers, **COMPILED, "seed": 0, **changes})


_BLOCK = {"width": 8, "heads": 2, "blocks": 2, "feedforward": 12}
_BLOCK_LEVERS = {"dropout": 0.2, "attention_dropout": 0.2, "embedding_dropout": 0.2, "drop_path": 0.4, "l2": 1e-3}
_CLASSIFIER = {"outputs": 3, "task": "multiclass"}

TINY = {
    "convnet": Tiny(
        presets.convnet,
        {"input_shape": (8, 8, 2), **_CLASSIFIER, "filters": (3, 4), "convolutions": 2},
        {"dropout": 0.5, "spatial_dropout": 0.2, "l2": 1e-3},
        IMAGES,
        CLASSES,
    ),
    "resnet": Tiny(
        presets.resnet,
        {"input_shape": (8, 8, 2), **_CLASSIFIER, "filters": (3, 4), "blocks": 2},
        {"dropout": 0.5, "drop_path": 0.4, "l2": 1e-3},
        IMAGES,
        CLASSES,
    ),
    "encoder-tokens": Tiny(
        presets.transformer_encoder,
        {"input_shape": 6, **_CLASSIFIER, "vocabulary": 11, **_BLOCK},
        _BLOCK_LEVERS,
        TOKENS,
        CLASSES,
    ),
    "encoder-features": Tiny(
        presets.transformer_encoder,
        {"input_shape": (6, 2), **_CLASSIFIER, **_BLOCK},
        _BLOCK_LEVERS,
        SERIES,
        CLASSES,
    ),
    "causal": Tiny(
        presets.causal_transformer,
        {"length": 6, "vocabulary": 11, **_BLOCK},
        _BLOCK_LEVERS,
        TOKENS,
        TOKENS[:, ::-1].copy(),
    ),
    "lstm-tokens": Tiny(
        presets.lstm,
        {"input_shape": 6, **_CLASSIFIER, "vocabulary": 11, "embedding": 5, "units": (4, 3)},
        {"dropout": 0.3, "recurrent_dropout": 0.2, "embedding_dropout": 0.2, "l2": 1e-3},
        TOKENS,
        CLASSES,
    ),
    "lstm-features": Tiny(
        presets.lstm,
        {"input_shape": (6, 2), **_CLASSIFIER, "units": 4},
        {"dropout": 0.3, "recurrent_dropout": 0.2, "l2": 1e-3},
        SERIES,
        CLASSES,
    ),
}

NOISE = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout2D,
    layers.DropPath,
    layers.EmbeddingDropout,
    layers.LockedDropout,
)


def noise_of(model):
    """The layers of a model that drop something."""
    return [layer for layer in model.layers if isinstance(layer, NOISE)]


def values(variables):
    """Variables or tensors as arrays."""
    return [keras.ops.convert_to_numpy(variable) for variable in variables]


def penalty_of(model):
    """Sum of the model's penalties."""
    return sum(float(value) for value in values(model.losses))
