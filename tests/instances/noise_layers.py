"""Our noise layers."""

import keras
import numpy as np

from instances.instance import Instance
from keras_regkit import layers, strengths

_TOKENS = np.random.default_rng(0).integers(0, 9, size=(8, 6)).astype("int32")

NOISE_LAYERS = [
    Instance(
        "dropout",
        "layer",
        layers.Dropout,
        {"rate": 0.5, "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": layers.Dropout(0.0)},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-noise-shape",
        "layer",
        layers.Dropout,
        {"rate": 0.5, "noise_shape": (None, 1, None), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-on-a-schedule",
        "layer",
        layers.Dropout,
        {"rate": strengths.Linear(0.4, 0.6, steps=10), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
    Instance(
        "dropout-on-a-keras-schedule",
        "layer",
        layers.Dropout,
        {"rate": keras.optimizers.schedules.CosineDecay(0.5, 10), "seed": 1},
        {"input_shape": (5, 3), "training_only": True},
        layers.Dropout.RANGES,
    ),
    Instance(
        "drop-block",
        "layer",
        layers.DropBlock,
        {"rate": 0.3, "block_size": 2, "per_channel": False, "data_format": "channels_last", "seed": 1},
        {
            "input_shape": (5, 6, 3),
            "training_only": True,
            "zero_strength": layers.DropBlock(0.0, 2, data_format="channels_last"),
        },
        layers.DropBlock.RANGES,
    ),
    Instance(
        "drop-block-of-sequences",
        "layer",
        layers.DropBlock,
        {"rate": 0.3, "block_size": (3,), "per_channel": True, "data_format": None, "seed": 1},
        {"input_shape": (9, 3), "training_only": True},
        layers.DropBlock.RANGES,
    ),
    Instance(
        "drop-block-of-volumes-on-a-schedule",
        "layer",
        layers.DropBlock,
        {
            "rate": strengths.Linear(0.2, 0.4, steps=10),
            "block_size": (1, 2, 2),
            "per_channel": True,
            "data_format": "channels_first",
            "seed": 1,
        },
        {"input_shape": (2, 2, 3, 4), "training_only": True},
        layers.DropBlock.RANGES,
    ),
    Instance(
        "drop-connect",
        "layer",
        layers.DropConnect,
        {"layer": keras.layers.Dense(3), "rate": 0.5, "seed": 1},
        {"input_shape": (5, 4)},
        layers.DropConnect.RANGES,
    ),
    Instance(
        "drop-connect-of-a-convolution",
        "layer",
        layers.DropConnect,
        {"layer": keras.layers.Conv1D(3, 2), "rate": strengths.Linear(0.2, 0.4, steps=10), "seed": 1},
        {"input_shape": (5, 4)},
        layers.DropConnect.RANGES,
        {"mask_passes_through": "a convolution shortens the sequence"},
    ),
    Instance(
        "concrete-dropout",
        "layer",
        layers.ConcreteDropout,
        {
            "layer": keras.layers.Dense(3),
            "weight_regularizer": 1e-6,
            "dropout_regularizer": 1e-5,
            "initial_rate": 0.3,
            "temperature": 0.1,
            "seed": 1,
        },
        {"input_shape": (5, 4)},
        layers.ConcreteDropout.RANGES,
    ),
    Instance(
        "concrete-dropout-of-a-convolution",
        "layer",
        layers.ConcreteDropout,
        {
            "layer": keras.layers.Conv2D(2, 2),
            "weight_regularizer": 1e-3,
            "dropout_regularizer": 1e-2,
            "initial_rate": 0.5,
            "temperature": 0.5,
            "seed": 1,
        },
        {"input_shape": (4, 4, 3)},
        layers.ConcreteDropout.RANGES,
    ),
    Instance(
        "locked-dropout",
        "layer",
        layers.LockedDropout,
        {"rate": 0.5, "seed": 1},
        {"input_shape": (5, 3), "training_only": True, "zero_strength": layers.LockedDropout(0)},
        layers.LockedDropout.RANGES,
    ),
    Instance(
        "embedding-dropout",
        "layer",
        layers.EmbeddingDropout,
        {"layer": keras.layers.Embedding(9, 4, mask_zero=True), "rate": 0.5, "seed": 1},
        {"inputs": _TOKENS},
        layers.EmbeddingDropout.RANGES,
    ),
    Instance(
        "word-dropout",
        "layer",
        layers.WordDropout,
        {"rate": 0.5, "replacement": 1, "protected": (0, 2), "seed": 1},
        {"inputs": _TOKENS, "training_only": True, "zero_strength": layers.WordDropout(0.0)},
        layers.WordDropout.RANGES,
        {
            "fits_without_jit": "token ids have no gradient; trained before an Embedding in tests/layers",
            "fits_with_jit": "token ids have no gradient; trained before an Embedding in tests/layers",
        },
    ),
    Instance(
        "zoneout",
        "layer",
        layers.Zoneout,
        {"cell": keras.layers.LSTMCell(3), "rate_hidden": 0.3, "rate_cell": 0.5, "seed": 1},
        {"input_shape": (4,)},
        layers.Zoneout.RANGES,
        {
            "fits_without_jit": "a cell has states for outputs; trained within RNN in tests/layers",
            "fits_with_jit": "a cell has states for outputs; trained within RNN in tests/layers",
        },
    ),
    Instance(
        "patch-dropout",
        "layer",
        layers.PatchDropout,
        {"rate": 0.5, "class_tokens": 1, "seed": 1},
        {"input_shape": (7, 3), "training_only": True, "zero_strength": layers.PatchDropout(0.0)},
        layers.PatchDropout.RANGES,
        {
            "mask_passes_through": "a mask is wired before it is known which tokens stay; Keras warns that it is lost",
            "fits_without_jit": "targets cannot be as long as the outputs in both modes; trained in tests/layers",
            "fits_with_jit": "targets cannot be as long as the outputs in both modes; trained in tests/layers",
        },
    ),
]
