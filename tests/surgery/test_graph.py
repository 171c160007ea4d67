import keras
from keras import layers

from keras_regkit.surgery.graph import feeders, output_names


def test_sequential_is_a_chain():
    model = keras.Sequential([keras.Input((2,)), layers.Dense(1, name="a"), layers.ReLU(name="b")])
    assert feeders(model) == {"a": (), "b": ("a",)}
    assert output_names(model) == ("b",)


def test_branches_shared_layers_and_operations():
    one, two = keras.Input((2,), name="one"), keras.Input((2,), name="two")
    shared = layers.Dense(2, name="shared")
    joined = layers.Concatenate(name="joined")([shared(one), shared(two)])
    outputs = {"x": layers.Dense(1, name="x")(joined), "y": [layers.Dense(1, name="y")(joined), joined]}
    model = keras.Model([one, two], outputs)
    fed_by = feeders(model)
    assert fed_by["one"] == ()
    assert fed_by["shared"] == ("one", "two")
    assert fed_by["joined"] == ("shared", "shared")
    assert fed_by["x"] == fed_by["y"] == ("joined",)
    assert sorted(output_names(model)) == ["joined", "x", "y"]


def test_keyword_arguments_of_calls_are_seen():
    one, two = keras.Input((3, 2), name="one"), keras.Input((3, 2), name="two")
    attended = layers.MultiHeadAttention(1, 2, name="attention")(one, value=two)
    assert feeders(keras.Model([one, two], attended))["attention"] == ("one", "two")


def test_single_output_is_not_taken_for_several():
    inputs = keras.Input((2,), name="in")
    model = keras.Model(inputs, layers.Dense(1, name="out")(inputs))
    assert output_names(model) == ("out",)
