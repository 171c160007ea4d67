"""Models for the rules about training itself."""

import keras
import numpy as np
from audit_table import chain, faulty, fine, rows
from keras import layers


def hidden(**kwargs):
    return layers.Dense(4, activation="relu", name="hidden", **kwargs)


@faulty("RK701", where="hidden", **{"dead units": 4, "units": 5, "share": 0.8})
def four_of_five_dead():
    model = chain(layers.Dense(5, activation="relu", name="hidden"), layers.Dense(1))
    model.get_layer("hidden").bias.assign([-1000.0, -1000.0, -1000.0, -1000.0, 1.0])
    return {"model": model, "train": rows(40)}


@faulty("RK701", where="relu", **{"dead units": 2})
def dead_channels_of_a_convolution():
    stack = [layers.Conv2D(2, 3, bias_initializer=keras.initializers.Constant(-1000.0)), layers.ReLU(name="relu")]
    return {"model": chain(*stack, shape=(5, 5, 1)), "train": rows(40, (5, 5, 1))}


@fine("RK701")
def units_that_live():
    return {"model": chain(hidden(), layers.Dense(4, activation="gelu"), layers.Dense(1)), "train": rows(40)}


@faulty("RK702", where="hidden/kernel", gain=3**0.5 * 100, **{"largest weight": 100.0})
def kernel_of_hundreds():
    return {"model": chain(hidden(kernel_initializer=keras.initializers.Constant(100.0)))}


@fine("RK702")
def initialized():
    stack = [layers.Embedding(50, 8, embeddings_initializer=keras.initializers.Constant(100.0)), layers.LSTM(4)]
    return {"model": chain(*stack, layers.Dense(200), shape=(5,))}


@faulty("RK703", where="hidden/kernel", what="a weight", **{"weights that are not finite": 1})
def weight_of_nan():
    model = chain(hidden(), layers.Dense(1))
    model.get_layer("hidden").kernel.assign(np.full((3, 4), np.nan))
    return {"model": model, "train": rows()}


@faulty("RK703", where="log", what="its output", count=1)
def logarithm_of_negative_numbers():
    stack = [layers.Dense(4), layers.Activation(keras.ops.log, name="log"), layers.Dense(1)]
    return {"model": chain(*stack), "train": rows()}


@faulty("RK703", where="train: inputs of the first batch", **{"non-finite numbers": 2})
def missing_values():
    x, y = rows()
    x[0, :2] = np.nan
    return {"model": chain(layers.Dense(1)), "train": (x, y)}


@faulty("RK703", where="history: loss", **{"first epoch": 1})
def history_with_nan():
    return {"model": chain(layers.Dense(1)), "history": {"loss": [1.0, float("nan"), float("nan")]}}


@fine("RK703")
def finite():
    return {"model": chain(hidden(), layers.Dense(1)), "train": rows(), "history": {"loss": [1.0, 0.5]}}
