"""The little models and data that the cards' examples begin with."""

_COMPILE = 'model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])'


def _sequential(*layers, compile=_COMPILE):
    lines = "".join(f"        {layer},\n" for layer in layers)
    return f"model = keras.Sequential(\n    [\n{lines}    ]\n)\n{compile}\n"


HOSTS = {
    "dense": _sequential(
        "keras.Input((8,))",
        'keras.layers.Dense(16, "relu", name="hidden")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "sigmoid": _sequential(
        "keras.Input((8,))",
        'keras.layers.Dense(16, "sigmoid", name="hidden")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "batch_norm": _sequential(
        "keras.Input((8,))",
        'keras.layers.Dense(16, name="hidden")',
        'keras.layers.BatchNormalization(name="norm")',
        'keras.layers.ReLU(name="relu")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "dropout": _sequential(
        "keras.Input((8,))",
        'keras.layers.Dense(16, "relu", name="hidden")',
        'keras.layers.Dropout(0.5, name="dropout")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "deep": _sequential(
        "keras.Input((8,))",
        *(f'keras.layers.Dense(16, "relu", name="block_{k}")' for k in (1, 2, 3)),
        'keras.layers.Dense(3, "softmax", name="head")',
    ),
    "wide": _sequential(
        "keras.Input((24,))",
        'keras.layers.Dense(8, "relu", name="hidden")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "images": _sequential(
        "keras.Input((96, 96, 3))",
        'keras.layers.Rescaling(1 / 255, name="rescaling")',
        'keras.layers.Conv2D(8, 7, strides=4, activation="relu", name="conv")',
        'keras.layers.GlobalAveragePooling2D(name="pool")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "convolution": _sequential(
        "keras.Input((32, 32, 3))",
        'keras.layers.Conv2D(8, 3, use_bias=False, name="conv")',
        'keras.layers.GroupNormalization(4, name="norm")',
        'keras.layers.ReLU(name="relu")',
        'keras.layers.GlobalAveragePooling2D(name="pool")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "sequence": _sequential(
        "keras.Input((20, 4))",
        'keras.layers.LSTM(12, return_sequences=True, name="lstm")',
        'keras.layers.GlobalAveragePooling1D(name="pool")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
    "words": _sequential(
        'keras.Input((20,), dtype="int32")',
        'keras.layers.Embedding(50, 12, name="embedding")',
        'keras.layers.LSTM(12, name="lstm")',
        'keras.layers.Dense(3, "softmax", name="output")',
    ),
}

# Which of them a lever is shown on, where it is not the dense one.
_HOST_OF = {
    "batch_norm": ("ghost_batch_norm", "recalibrate_batch_norm"),
    "deep": ("layerwise_learning_rates", "gradual_unfreezing", "less_capacity"),
    "dropout": ("monte_carlo_dropout", "r_drop"),
    "convolution": ("weight_standardization",),
    "images": ("drop_block", "total_variation"),
    "sequence": ("activity_l2", "temporal_activity_l2", "locked_dropout", "zoneout"),
    "sigmoid": ("kl_sparsity",),
    "wide": ("orthogonal", "orthonormal", "spectral_norm_penalty"),
    "words": ("embedding_dropout",),
}

DATA = """\
x = np.random.default_rng(0).normal(size=(256, 8)).astype("float32")
y = (x[:, 0] > 0.5).astype(int) + (x[:, 1] > 0)
"""


def host_of(card):
    """Returns the name of the model that a card is shown on.

    >>> from keras_regkit import levers
    >>> host_of(levers.get("zoneout")), host_of(levers.get("l2"))
    ('sequence', 'dense')
    """
    found = [host for host, names in _HOST_OF.items() if card.name in names]
    return (found or ["images" if card.family == "augmentation" else "dense"])[0]
