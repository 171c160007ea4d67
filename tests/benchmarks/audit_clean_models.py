"""Thirty models with nothing wrong, each with data that fit it: what an audit must leave alone.

`CLEAN` is `{name: function that returns the arguments of audit}`.
"""

import keras
import numpy as np
from keras import layers

from keras_regkit import callbacks, presets
from keras_regkit.presets import recipes

ROWS = 400


def features(shape, seed, classes=3):
    """Inputs of clusters, one for each class, and the classes."""
    rng = np.random.default_rng(seed)
    y = rng.integers(0, classes, ROWS)
    centres = np.random.default_rng(99).normal(size=(classes, *shape))
    return (centres[y] + rng.normal(size=(ROWS, *shape))).astype("float32"), y


def images(shape, seed):
    x, y = features(shape, seed)
    return 1 / (1 + np.exp(-x)), y


def tokens(length, vocabulary, seed):
    rng = np.random.default_rng(seed)
    return rng.integers(1, vocabulary, (ROWS, length)), rng.integers(0, 3, ROWS)


def splits(make):
    return {name: make(seed) for seed, name in enumerate(("train", "validation", "test"))}


def with_fit(model, data, monitor="val_loss"):
    """Arguments of an audit: all splits, the usual callbacks, arguments of fit."""
    listed = [
        callbacks.EarlyStopping(monitor, patience=10),
        keras.callbacks.ReduceLROnPlateau(monitor, patience=4, mode="min"),
        keras.callbacks.CSVLogger("log.csv"),
    ]
    return {"model": model, **data, "callbacks": listed, "fit_args": {"epochs": 100, "batch_size": 32}}


def trained(case):
    """The same after an epoch, so that moving statistics have seen data."""
    x, y = case["train"][:2]
    case["model"].fit(x, y, epochs=2, batch_size=32, verbose=0)
    return case


def preset(build, make, **arguments):
    return lambda: with_fit(build(**arguments, seed=0), splits(make))


def classifier(model, **compile_args):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"], **compile_args)
    return model


def application(name, side=32, **arguments):
    def make():
        build = getattr(keras.applications, name)
        model = classifier(build(weights=None, input_shape=(side, side, 3), classes=3, **arguments))
        # Some take pixels from 0 to 255 and scale them inside: either way these are numbers of a usual size.
        return with_fit(model, splits(lambda seed: images((side, side, 3), seed)))

    return make


def linear():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
    model.compile("sgd", "mse", metrics=["mae", keras.metrics.R2Score()])
    return with_fit(model, splits(numbers))


def numbers(seed):
    x = np.random.default_rng(seed).normal(size=(ROWS, 5)).astype("float32")
    return x, (x @ np.arange(5.0)[:, None] + np.random.default_rng([seed, 1]).normal(size=(ROWS, 1))).astype("float32")


def logistic():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(1)])
    loss = keras.losses.BinaryCrossentropy(from_logits=True)
    model.compile(
        "sgd", loss, metrics=[keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True)]
    )
    return with_fit(model, splits(lambda seed: features((5,), seed, 2)))


def normalized_mlp():
    data = splits(lambda seed: features((8,), seed))
    hidden = [layers.Dense(16, use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3)]
    head = layers.Dense(3, activation="softmax", kernel_regularizer=keras.regularizers.L2(1e-4))
    return trained(with_fit(classifier(keras.Sequential([keras.Input((8,)), *hidden, head])), data))


def columns():
    a, word = keras.Input((2,), name="a"), keras.Input((1,), name="word", dtype="string")
    known = layers.StringLookup(vocabulary=["Ulm", "Jena"], output_mode="one_hot")(word)
    outputs = layers.Dense(1)(layers.Concatenate()([a, known]))
    model = keras.Model({"a": a, "word": word}, outputs)
    model.compile("sgd", "mse")

    def make(seed):
        rng = np.random.default_rng(seed)
        x = {"a": rng.normal(size=(ROWS, 2)).astype("float32"), "word": rng.choice(["Ulm", "Jena"], (ROWS, 1))}
        return x, (x["a"].sum(1, keepdims=True) + rng.normal(size=(ROWS, 1))).astype("float32")

    return with_fit(model, splits(make))


def two_outputs():
    inputs = keras.Input((5,))
    hidden = layers.Dense(8, activation="gelu")(inputs)
    outputs = [layers.Dense(3, activation="softmax", name="kind")(hidden), layers.Dense(1, name="size")(hidden)]
    model = keras.Model(inputs, outputs)
    model.compile("adam", ["sparse_categorical_crossentropy", "mse"], metrics=[["accuracy"], ["mae"]])

    def make(seed):
        x, y = features((5,), seed)
        return x, [y, x[:, :1] + np.random.default_rng(seed).normal(size=(ROWS, 1)).astype("float32")]

    return with_fit(model, splits(make), "val_kind_loss")


def residual():
    inputs = keras.Input((8, 8, 3))
    x = layers.Conv2D(8, 3, padding="same")(inputs)
    y = layers.Conv2D(8, 3, padding="same", activation="relu")(layers.LayerNormalization()(x))
    x = layers.GlobalAveragePooling2D()(layers.Add()([x, layers.SpatialDropout2D(0.1)(y)]))
    return with_fit(
        classifier(keras.Model(inputs, layers.Dense(3, activation="softmax")(x))),
        splits(lambda seed: images((8, 8, 3), seed)),
    )


def shared_layer():
    a, b = keras.Input((4,)), keras.Input((4,))
    tower = keras.Sequential([keras.Input((4,)), layers.Dense(8, activation="tanh"), layers.Dense(4)])
    model = keras.Model([a, b], layers.Dense(1, activation="sigmoid")(layers.Subtract()([tower(a), tower(b)])))
    model.compile("adam", "binary_crossentropy", metrics=["accuracy"])

    def make(seed):
        rng = np.random.default_rng(seed)
        x = rng.normal(size=(2, ROWS, 4)).astype("float32")
        return (x[0], x[1]), (x[0].sum(1) + rng.normal(size=ROWS) > x[1].sum(1)).astype("float32")[:, None]

    return with_fit(model, splits(make))


@keras.saving.register_keras_serializable("audit_clean_models")
class Subclassed(keras.Model):
    """Wired by its own `call`, with another such model inside."""

    def __init__(self, inner=None):
        super().__init__()
        self.hidden = inner or layers.Dense(8, activation="relu", kernel_regularizer=keras.regularizers.L2(1e-4))
        self.drop = layers.Dropout(0.2)
        self.head = layers.Dense(3, activation="softmax")

    def call(self, x, training=False):
        return self.head(self.drop(self.hidden(x), training=training))


def subclassed():
    data = splits(lambda seed: features((5,), seed))
    model = classifier(Subclassed())
    model(data["train"][0][:2])
    return with_fit(model, data)


def subclassed_nested():
    data = splits(lambda seed: features((5,), seed))
    model = classifier(Subclassed(Subclassed()))
    model(data["train"][0][:2])
    return with_fit(model, data)


def unbuilt():
    return with_fit(classifier(Subclassed()), splits(lambda seed: features((5,), seed)))


def uncompiled():
    model = keras.Sequential([keras.Input((5,)), layers.Dense(4, activation="relu"), layers.Dense(3)])
    return {"model": model, **splits(lambda seed: features((5,), seed))}


def autoencoder():
    stack = [layers.Conv2D(4, 3, strides=2, padding="same", activation="relu")]
    stack += [layers.Conv2DTranspose(3, 3, strides=2, padding="same", activation="sigmoid")]
    model = keras.Sequential([keras.Input((8, 8, 3)), *stack])
    model.compile("adam", "mse")
    return with_fit(model, splits(lambda seed: (images((8, 8, 3), seed)[0],) * 2))


def bidirectional():
    stack = [layers.Bidirectional(layers.GRU(4, dropout=0.2)), layers.Dense(3, activation="softmax")]
    return with_fit(
        classifier(keras.Sequential([keras.Input((6, 3)), *stack])), splits(lambda seed: features((6, 3), seed))
    )


def bag_of_words():
    stack = [layers.Embedding(50, 8, mask_zero=True), layers.GlobalAveragePooling1D(), layers.Dropout(0.3)]
    model = keras.Sequential([keras.Input((12,), dtype="int32"), *stack, layers.Dense(3, activation="softmax")])
    return with_fit(classifier(model), splits(lambda seed: tokens(12, 50, seed)))


def multi_label():
    model = keras.Sequential(
        [keras.Input((5,)), layers.Dense(8, activation="relu"), layers.Dense(4, activation="sigmoid")]
    )
    model.compile("adam", "binary_crossentropy", metrics=["binary_accuracy", keras.metrics.AUC(multi_label=True)])

    def make(seed):
        x = features((5,), seed)[0]
        return x, (x[:, :4] + np.random.default_rng(seed).normal(size=(ROWS, 4)) > 0.5).astype("float32")

    return with_fit(model, splits(make))


def recipe(make, data):
    def built():
        made = make()
        return with_fit(made.build(seed=0), splits(data))

    return built


CLEAN = {
    "linear regression": linear,
    "logistic regression": logistic,
    "normalized MLP, trained": normalized_mlp,
    "columns and words": columns,
    "two outputs": two_outputs,
    "residual convolutions": residual,
    "shared layers": shared_layer,
    "subclassed": subclassed,
    "subclassed, nested": subclassed_nested,
    "subclassed, unbuilt": unbuilt,
    "uncompiled": uncompiled,
    "autoencoder": autoencoder,
    "bidirectional GRU": bidirectional,
    "bag of words": bag_of_words,
    "multi-label": multi_label,
    "presets.mlp": preset(presets.mlp, lambda seed: features((8,), seed, 2), input_shape=8),
    "presets.mlp, regression": preset(presets.mlp, numbers, input_shape=5, task="regression"),
    "presets.convnet": preset(presets.convnet, lambda s: images((16, 16, 3), s), input_shape=(16, 16, 3), outputs=3),
    "presets.resnet": preset(presets.resnet, lambda s: images((16, 16, 3), s), input_shape=(16, 16, 3), outputs=3),
    "presets.lstm": preset(presets.lstm, lambda s: features((6, 3), s), input_shape=(6, 3), outputs=3),
    "presets.transformer_encoder": preset(
        presets.transformer_encoder, lambda s: tokens(12, 50, s), input_shape=12, outputs=3, vocabulary=50
    ),
    "presets.causal_transformer": preset(
        presets.causal_transformer,
        lambda s: (lambda t: (t[:, :-1], t[:, 1:]))(tokens(13, 50, s)[0]),
        length=12,
        vocabulary=50,
    ),
    "recipes.tabular": recipe(lambda: recipes.tabular(8, 3, "multiclass", samples=ROWS), lambda s: features((8,), s)),
    "recipes.image_classification": recipe(
        lambda: recipes.image_classification((16, 16, 3), 3, samples=ROWS), lambda s: images((16, 16, 3), s)
    ),
    "applications.MobileNetV2": application("MobileNetV2", alpha=0.35),
    "applications.MobileNetV3Small": application("MobileNetV3Small"),
    "applications.ResNet50": application("ResNet50"),
    "applications.EfficientNetB0": application("EfficientNetB0"),
    "applications.DenseNet121": application("DenseNet121"),
    "applications.MobileNet": application("MobileNet", alpha=0.25),
}
