"""The places that all paths through a model pass."""

import keras
from keras import layers

from keras_regkit._core.cut_points import consumers_of_inputs, cut_points


def names(model):
    found = cut_points(model)
    return None if found is None else [layer and layer.name for layer in found]


def test_one_for_each_stretch_with_kernels():
    stack = [keras.Input((8, 8, 1)), layers.Conv2D(2, 3), layers.BatchNormalization(), layers.ReLU(name="a")]
    stack += [layers.Conv2D(2, 3), layers.ReLU(), layers.Flatten(name="b"), layers.Dense(3), layers.Softmax()]
    assert names(keras.Sequential(stack)) == [None, "a", "b"]


def test_branches_and_operations_that_are_no_layers():
    inputs = keras.Input((4,))
    x = layers.Dense(4, name="stem")(inputs)
    x = x + layers.Dense(4)(x)  # an operation, whose output no layer puts out
    x = layers.ReLU(name="joined")(x)
    side = layers.Dense(2, name="side")(x)
    model = keras.Model(inputs, [side, layers.Dense(2, name="main")(layers.Dense(4)(x))])
    assert names(model) == [None, "stem", "joined"]


def test_an_output_on_the_way_ends_it():
    inputs = keras.Input((4,))
    x = layers.Dense(4, name="first")(inputs)
    y = layers.Dense(4, name="second")(x)
    assert names(keras.Model(inputs, [x, layers.Dense(1)(y)])) == [None, "first"]


def test_a_shared_layer_is_no_place():
    shared = layers.Dense(4, name="shared")
    inputs = keras.Input((4,))
    x = layers.ReLU(name="between")(shared(inputs))
    assert names(keras.Model(inputs, layers.Dense(1)(shared(x)))) == [None, "between"]


def test_several_inputs_meet():
    one, two = keras.Input((4,)), keras.Input((4,))
    x = layers.Add(name="sum")([layers.Dense(3)(one), layers.Dense(3)(two)])
    assert names(keras.Model([one, two], layers.Dense(1)(x))) == [None, "sum"]


class Wired(keras.Model):
    def call(self, x):
        return x


def test_a_model_with_a_call_of_its_own_is_one_layer():
    wired = Wired(name="wired")
    assert cut_points(wired) is None
    model = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="a"), wired, layers.Dense(1)])
    assert names(model) == [None, "wired"]


def test_consumers_of_inputs():
    one, two = keras.Input((4,)), keras.Input((4,))
    inner = keras.Sequential([keras.Input((4,)), layers.Embedding(3, 2, name="words"), layers.Flatten()])
    x = layers.Concatenate()([layers.Dense(2, name="dense")(one), inner(two)])
    model = keras.Model([one, two], layers.Dense(1)(x))
    assert {layer.name for layer in consumers_of_inputs(model)} == {"dense", "words"}
    assert consumers_of_inputs(Wired()) == []
