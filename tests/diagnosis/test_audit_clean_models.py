"""Models that are in order have no error, and few warnings."""

import keras
import numpy as np
import pytest
from audit_table import chain
from keras import layers

from keras_regkit import presets
from keras_regkit.diagnosis import audit
from keras_regkit.presets import recipes

RNG = np.random.default_rng(0)
# With 300 rows they are rows of noise: what they say of the data is not what is tested here.
ROWS = 300


def normal(*shape):
    return RNG.normal(size=(ROWS, *shape)).astype("float32")


def tokens(length, vocabulary):
    return RNG.integers(1, vocabulary, size=(ROWS, length))


def classes(count, *shape):
    return RNG.integers(count, size=(ROWS, *shape))


def application(name):
    return lambda: (
        _compiled(getattr(keras.applications, name)(weights=None, input_shape=(32, 32, 3), classes=4)),
        normal(32, 32, 3)[:32],
        classes(4)[:32],
    )


def _compiled(model):
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__()
        self.hidden = [layers.Dense(8, use_bias=False), layers.BatchNormalization(), layers.ReLU(), layers.Dropout(0.3)]
        self.out = layers.Dense(3, activation="softmax")

    def call(self, inputs, training=None):
        for layer in self.hidden:
            noisy = isinstance(layer, (layers.BatchNormalization, layers.Dropout))
            inputs = layer(inputs, training=training) if noisy else layer(inputs)
        return self.out(inputs)


def subclassed():
    model = Subclassed()
    x = normal(5)
    model(x)
    return _compiled(model), x, classes(3)


def functional():
    inputs = keras.Input((5,))
    hidden = layers.Dense(8, activation="relu")(inputs)
    hidden = layers.Add()([hidden, layers.Dropout(0.2)(layers.Dense(8)(hidden))])
    outputs = {"a": layers.Dense(1, name="a")(hidden), "b": layers.Dense(1, activation="sigmoid", name="b")(hidden)}
    model = keras.Model(inputs, outputs)
    model.compile("sgd", {"a": "mse", "b": "binary_crossentropy"})
    return model, normal(5), {"a": normal(1), "b": classes(2, 1).astype("float32")}


def autoencoder():
    stack = [layers.Conv2D(4, 3, activation="relu", padding="same"), layers.MaxPooling2D(), layers.UpSampling2D()]
    x = normal(8, 8, 1)
    return chain(*stack, layers.Conv2D(1, 3, padding="same"), shape=(8, 8, 1)), x, x


CLEAN = {
    "mlp": lambda: (presets.mlp(5, 3, task="multiclass", seed=0), normal(5), classes(3)),
    "mlp_binary": lambda: (presets.mlp(5, task="binary", seed=0), normal(5), classes(2)),
    "mlp_regression": lambda: (presets.mlp(5, task="regression", seed=0), normal(5), normal(1)),
    "convnet": lambda: (presets.convnet((16, 16, 3), 3, filters=(8, 16), seed=0), normal(16, 16, 3), classes(3)),
    "resnet": lambda: (
        presets.resnet((16, 16, 3), 3, filters=(4, 8), blocks=1, drop_path=0.1, seed=0),
        normal(16, 16, 3),
        classes(3),
    ),
    "transformer_encoder": lambda: (
        presets.transformer_encoder(6, 2, vocabulary=20, width=16, heads=2, attention_dropout=0.1, seed=0),
        tokens(6, 20),
        classes(2),
    ),
    "causal_transformer": lambda: (
        presets.causal_transformer(6, 20, width=16, heads=2, tie_embeddings=True, seed=0),
        tokens(6, 20),
        tokens(6, 20),
    ),
    "lstm": lambda: (
        presets.lstm((6, 3), task="regression", units=(8, 8), dropout=0.3, recurrent_dropout=0.1, seed=0),
        normal(6, 3),
        normal(1),
    ),
    "recipe_tabular": lambda: (
        recipes.tabular(5, 3, "multiclass", samples=300).build(seed=0),
        normal(5),
        classes(3),
    ),
    "recipe_language_model": lambda: (
        recipes.language_model(6, 20, samples=300).with_(width=8, heads=2, blocks=1).build(seed=0),
        tokens(6, 20),
        tokens(6, 20),
    ),
    "recipe_image_classification": lambda: (
        recipes.image_classification((16, 16, 3), 3, samples=300).build(seed=0),
        np.abs(normal(16, 16, 3)).clip(0, 1),
        classes(3),
    ),
    "subclassed": subclassed,
    "functional": functional,
    "autoencoder": autoencoder,
    "MobileNetV2": application("MobileNetV2"),
    "EfficientNetB0": application("EfficientNetB0"),
}


# This recipe searches both strengths, and says so.
MEANT = {"recipe_tabular": {"RK104"}}


@pytest.mark.parametrize("name", CLEAN)
def test_a_clean_model_has_no_error(name):
    model, x, y = CLEAN[name]()
    result = audit(model, train=(x, y), fit_args={"epochs": 100, "steps_per_epoch": 100}, disable="data")
    assert not any(reason.startswith("failed with") for reason in result.skipped.values()), result.skipped
    assert not result.errors, str(result)
    assert {finding.id for finding in result.warnings} <= MEANT.get(name, set()), str(result)


def test_fine_tuning_by_the_recipe_has_no_error():
    stack = [layers.Dense(6, "relu", name="first"), layers.BatchNormalization(name="norm")]
    stack += [layers.Dense(6, "relu", name="second"), layers.Dense(3, name="head")]
    recipe = recipes.fine_tuning(samples=300, stages=2)
    model = recipe.compile(keras.Sequential([keras.Input((5,)), *stack]))
    x, y = normal(5), classes(3)
    arguments = recipe.fit_arguments(x, y, validation_data=(x[:50], y[:50]), seed=0)
    result = audit(
        model,
        train=(x, y),
        validation=(x[:50], y[:50]),
        callbacks=arguments["callbacks"],
        fit_args={"epochs": 100},
        disable="data",
    )
    assert not result.errors, str(result)
