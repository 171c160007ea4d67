"""What tells two models apart, and what does not."""

import keras

from keras_regkit.studies import fingerprint


def wired(skip_from_input=False):
    layers = keras.layers
    x = keras.Input((4,))
    shared = layers.Dense(4, activation="relu")
    first = shared(x)
    second = shared(first)
    total = layers.Add()([second, x if skip_from_input else first])
    inner = keras.Model(x, total)
    y = keras.Input((4,))
    outputs = layers.Dense(1)(inner(y))
    model = keras.Model(y, outputs)
    model.compile("adam", "mse")
    return model


def test_two_builds_of_one_model_are_alike():
    assert fingerprint.of_model(wired()) == fingerprint.of_model(wired())
    model = wired()
    again = keras.models.model_from_json(model.to_json())
    again.compile("adam", "mse")
    assert fingerprint.of_model(again) == fingerprint.of_model(model)


def test_the_same_layers_wired_otherwise_are_another_model():
    one, other = wired(), wired(skip_from_input=True)
    assert [v.shape for v in one.variables] == [v.shape for v in other.variables]
    assert fingerprint.of_model(one) != fingerprint.of_model(other)
