"""Models for the rules about dropout and noise."""

import keras
from audit_table import chain, faulty, fine, rows
from keras import layers

import keras_regkit.layers as rk_layers
from keras_regkit import strengths


def dropout(rate=0.5, name="drop", **kwargs):
    return layers.Dropout(rate, name=name, **kwargs)


def on_backbone(training):
    """A frozen backbone with dropout, and a head."""
    backbone = keras.Sequential([keras.Input((3,)), layers.Dense(4), dropout()], name="backbone")
    backbone.trainable = False
    inputs = keras.Input((3,))
    return {"model": keras.Model(inputs, layers.Dense(1)(backbone(inputs, training=training)))}


@faulty("RK301", where="backbone/drop", count=1, rate=0.5)
def dropout_in_a_frozen_backbone():
    return on_backbone(None)


@faulty("RK301", where="noise", stddev=0.1)
def frozen_gaussian_noise():
    return {"model": chain(layers.GaussianNoise(0.1, name="noise", trainable=False), layers.Dense(1))}


@faulty("RK301", where="backbone/drop")
def backbone_that_was_asked_into_inference_mode():
    return on_backbone(False)


@fine("RK301")
def dropout_that_trains():
    return {"model": chain(layers.Dense(4), dropout(), dropout(0.0, name="off", trainable=False), layers.Dense(1))}


@faulty("RK302", where="drop", count=1, rate=0.8, **{"noise variance over signal²": 4.0})
def rate_to_keep():
    return {"model": chain(layers.Dense(4), dropout(0.8), layers.Dense(1))}


@faulty("RK302", where="lstm", recurrent_dropout=0.9)
def recurrent_rate_to_keep():
    return {"model": chain(layers.LSTM(2, recurrent_dropout=0.9, name="lstm"), shape=(4, 3))}


@fine("RK302")
def usual_rates():
    stack = [layers.LSTM(2, dropout=0.3, recurrent_dropout=0.2), dropout(0.5), layers.GaussianNoise(1.0)]
    moving = rk_layers.Dropout(strengths.Linear(0.0, 0.9, steps=10))
    return {"model": chain(*stack, moving, layers.Dense(1), shape=(4, 3))}


@faulty("RK303", where="drop", count=1, rate=0.5)
def dropout_at_the_end():
    return {"model": chain(layers.Dense(4), dropout())}


@faulty("RK303", where="drop")
def dropout_before_the_last_activation():
    inputs = keras.Input((3,))
    outputs = layers.Activation("softmax")(dropout()(layers.Dense(4)(inputs)))
    return {"model": keras.Model(inputs, outputs)}


@fine("RK303")
def dropout_before_the_last_kernel():
    return {"model": chain(layers.Dense(4), dropout(), layers.Activation("relu"), layers.Dense(1))}


@fine("RK303")
def dropped_branch_of_a_residual():
    inputs = keras.Input((3,))
    branch = rk_layers.DropPath(0.2)(layers.Dense(3)(inputs))
    return {"model": keras.Model(inputs, layers.Add()([inputs, branch]))}


@faulty("RK304", where="a, b", seed=7, layers=2)
def one_seed_for_all():
    return {"model": chain(dropout(name="a", seed=7), layers.Dense(3), dropout(name="b", seed=7), layers.Dense(1))}


@faulty("RK304", where="block/a, b", seed=0)
def one_seed_in_a_nested_model():
    block = keras.Sequential([keras.Input((3,)), rk_layers.Dropout(0.5, seed=0, name="a")], name="block")
    return {"model": chain(block, layers.Dense(3), dropout(name="b", seed=0), layers.Dense(1))}


@fine("RK304")
def a_seed_for_each():
    return {"model": chain(dropout(name="a", seed=7), layers.Dense(3), dropout(name="b", seed=8), dropout(name="c"))}


def called_as_in_training():
    inputs = keras.Input((3,))
    return {"model": keras.Model(inputs, layers.Dense(1)(dropout()(inputs, training=True))), "train": rows()}


faulty("RK307", where="drop", count=1, **{"called with": "training=True"})(called_as_in_training)
fine("RK305")(called_as_in_training)


@faulty("RK307", where="backbone", count=1, **{"called with": "training=False", "noise layers": 1})
def backbone_called_in_inference_mode():
    return on_backbone(False)


@fine("RK307")
def backbone_called_as_it_comes():
    return on_backbone(None)


@fine("RK307")
def a_mode_that_changes_nothing():
    inner = keras.Sequential([keras.Input((3,)), layers.Dense(4)])
    inputs = keras.Input((3,))
    return {"model": keras.Model(inputs, layers.Dense(1)(inner(inputs, training=False)))}


class AlwaysNoisy(layers.Layer):
    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        return inputs + keras.random.normal(keras.ops.shape(inputs), seed=self.seed_generator)


class Subclassed(keras.Model):
    def __init__(self, noise):
        super().__init__()
        self.first, self.noise, self.last = layers.Dense(4), noise, layers.Dense(1)

    def call(self, inputs, training=None):
        return self.last(self.noise(self.first(inputs)))


@faulty("RK305", where="noisy", count=1)
def noise_that_does_not_ask():
    return {"model": chain(layers.Dense(4), AlwaysNoisy(name="noisy"), layers.Dense(1)), "train": rows()}


@faulty("RK305", where="noisy", count=1)
def noise_that_does_not_ask_in_a_subclassed_model():
    model = Subclassed(AlwaysNoisy(name="noisy"))
    model(rows()[0])
    return {"model": model, "train": rows()}


@fine("RK305")
def noise_in_training_only():
    model = Subclassed(dropout())
    model(rows()[0])
    return {"model": model, "train": rows()}


@faulty("RK306", where="drop", rate=0.5, after="softmax")
def dropout_after_softmax():
    return {"model": chain(layers.Dense(4, activation="softmax"), dropout(), layers.Dense(1))}


@faulty("RK306", where="drop", after="sigmoid")
def dropout_on_the_last_sigmoid():
    return {"model": chain(layers.Dense(4, activation="sigmoid"), dropout())}


@fine("RK306")
def dropout_before_softmax():
    return {"model": chain(layers.Dense(4, activation="relu"), dropout(), layers.Dense(4, activation="softmax"))}
