"""Models for the rules about batch normalization."""

import keras
import numpy as np
from audit_table import chain, faulty, fine, rows
from keras import layers

from keras_regkit.layers import GhostBatchNormalization


def norm(name="norm", **kwargs):
    return layers.BatchNormalization(name=name, **kwargs)


def normalized(**kwargs):
    """A model with batch normalization, as arguments of `audit`."""
    return {"model": chain(layers.Dense(4, use_bias=False), norm(**kwargs), layers.ReLU(), layers.Dense(1))}


@faulty("RK201", where="batch_size", count=1, **{"batch size": 4, "batch normalization layers": 1})
def batch_of_four():
    return {**normalized(), "fit_args": {"batch_size": 4}}


@faulty("RK201", where="the last batch of an epoch", count=1, **{"rows in it": 1, "batch size": 16})
def one_row_left_over():
    return {**normalized(), "train": rows(40), "fit_args": {"batch_size": 16, "validation_split": 0.175}}


@fine("RK201")
def batch_of_sixteen():
    return {**normalized(), "train": rows(40), "fit_args": {"batch_size": 16}}


@fine("RK201")
def batch_of_four_without_norms():
    return {"model": chain(layers.Dense(1), layers.LayerNormalization()), "fit_args": {"batch_size": 4}}


@faulty("RK202", where="norm", steps=100, **{"share of the initial statistics": 0.99**100})
def a_hundred_steps():
    return {**normalized(), "train": rows(40), "fit_args": {"batch_size": 8, "epochs": 20}}


@faulty("RK202", where="norm", steps=2)
def after_two_steps():
    arguments = normalized()
    arguments["model"].fit(*rows(16), batch_size=8, verbose=0)
    return arguments


@fine("RK202")
def steps_enough_for_a_lower_momentum():
    return {**normalized(momentum=0.9), "train": rows(40), "fit_args": {"batch_size": 8, "epochs": 20}}


@fine("RK202")
def pretrained_statistics():
    arguments = normalized()
    arguments["model"].get_layer("norm").moving_mean.assign(np.ones(4))
    return {**arguments, "train": rows(40), "fit_args": {"batch_size": 8, "epochs": 2}}


@faulty("RK203", where="norm", count=1)
def scaled_after_training():
    arguments = normalized()
    arguments["model"].get_layer("norm").moving_mean.assign(np.full(4, 50.0))
    return {**arguments, "train": rows(64)}


@faulty("RK203", where="norm")
def variance_of_another_scale_in_an_uncompiled_model():
    inputs = keras.Input((3,))
    model = keras.Model(inputs, norm()(inputs))
    model.get_layer("norm").moving_variance.assign(np.full(3, 0.01))
    x, _ = rows(64)
    return {"model": model, "train": x}


@fine("RK203")
def measured_statistics():
    arguments = normalized()
    model, (x, y) = arguments["model"], rows(64)
    hidden = keras.ops.convert_to_numpy(model.layers[0](x))
    model.get_layer("norm").moving_mean.assign(hidden.mean(0))
    model.get_layer("norm").moving_variance.assign(hidden.var(0))
    return {**arguments, "train": (x, y)}


@fine("RK203")
def frozen_beside_measured():
    x, y = rows(64)
    model = chain(norm("moves"), norm("frozen", trainable=False), layers.Dense(1))
    model.get_layer("moves").moving_mean.assign(x.mean(0))
    model.get_layer("moves").moving_variance.assign(x.var(0))
    model.get_layer("frozen").moving_mean.assign(np.full(3, 50.0))  # of the task that it was trained for
    return {"model": model, "train": (x, y)}


def backbone(name="backbone"):
    stack = [layers.Dense(4, name="a"), norm(), layers.ReLU(), layers.Dense(4, name="b")]
    return keras.Sequential([keras.Input((3,)), *stack], name=name)


def all_but_norms_frozen(model):
    for layer in model.layers:
        layer.trainable = isinstance(layer, layers.BatchNormalization)


@faulty("RK204", where="backbone/norm", count=1)
def norm_left_out_of_the_freeze():
    inner = backbone()
    all_but_norms_frozen(inner)
    return {"model": chain(inner, layers.Dense(1))}


@faulty("RK204", where="norm", count=1)
def norm_between_frozen_layers_of_a_flat_model():
    inner = backbone()
    all_but_norms_frozen(inner)
    return {"model": keras.Model(inner.inputs, layers.Dense(1)(inner.outputs[0]))}


@fine("RK204")
def norm_frozen_too_and_another_in_the_head():
    inner = backbone()
    inner.trainable = False
    return {"model": chain(inner, norm("head_norm"), layers.Dense(1))}


@faulty("RK204", count=1)
def frozen_part_called_in_inference_mode():
    inner = backbone()
    all_but_norms_frozen(inner)
    inputs = keras.Input((3,))
    return {"model": keras.Model(inputs, layers.Dense(1)(inner(inputs, training=False)))}


@faulty(
    "RK205", where="model", **{"weights that train": 2, "weights of the optimizer": 4, "first that differs": "a/kernel"}
)
def frozen_after_fit():
    model = chain(layers.Dense(4, name="a"), layers.Dense(1))
    model.fit(*rows(), verbose=0)
    model.get_layer("a").trainable = False
    return {"model": model}


@fine("RK205")
def frozen_and_compiled_again():
    model = frozen_after_fit()["model"]
    model.compile("sgd", "mse")
    model.fit(*rows(), verbose=0)
    return {"model": model}


@faulty("RK206", where="conv/bias", count=1, **{"numbers in it": 4})
def bias_into_norm():
    return {"model": chain(layers.Conv2D(4, 3, name="conv"), norm(), layers.ReLU(), shape=(5, 5, 2))}


@fine("RK206")
def no_bias_or_something_between():
    stack = [layers.Conv2D(4, 3, use_bias=False), norm(), layers.Conv2D(4, 1, activation="relu"), norm("second")]
    return {"model": chain(*stack, shape=(5, 5, 2))}


@faulty("RK207", where="norm", count=1, rate=0.5, **{"fed by": "drop"})
def dropout_into_norm():
    stack = [layers.Dense(4), layers.Dropout(0.5, name="drop"), layers.ReLU(), norm()]
    return {"model": chain(*stack)}


@faulty("RK207", where="norm")
def dropout_into_norm_measured():
    """Of ones, dropout at 0.5 makes zeros and twos, which have variance 1 where there was 1 before, and mean² = 1."""
    x = np.tile([[-1.0], [1.0]], (500, 64)).astype("float32") + 1
    stack = [layers.Dropout(0.5, name="drop", seed=1), norm()]
    return {"model": chain(*stack, shape=(64,)), "train": x, "fit_args": {"batch_size": 1000}}


@fine("RK207")
def dropout_after_norm():
    return {"model": chain(layers.Dense(4), norm(), layers.Dropout(0.5), layers.Dense(4), norm("second"))}


@faulty("RK208", where="norm", **{"virtual batch size": 32, "batch size": 32})
def one_ghost_batch():
    return {"model": chain(GhostBatchNormalization(name="norm")), "fit_args": {"batch_size": 32}}


@faulty("RK208", where="norm", **{"virtual batch size": 8})
def tiny_ghost_batches():
    return {"model": chain(GhostBatchNormalization(groups=8, name="norm")), "fit_args": {"batch_size": 64}}


@faulty("RK208", where="norm", renorm=True)
def renorm_without_bounds():
    return {"model": chain(norm(renorm=True))}


@fine("RK208")
def ghost_batches_and_bounds():
    clipping = {"rmax": 3.0, "rmin": 1 / 3, "dmax": 5.0}
    stack = [GhostBatchNormalization(16), norm(renorm=True, renorm_clipping=clipping)]
    return {"model": chain(*stack), "fit_args": {"batch_size": 64}}


@faulty("RK209", where="norm", momentum=0.1)
def momentum_from_pytorch():
    return normalized(momentum=0.1)


@fine("RK209")
def momentum_of_keras():
    return normalized(momentum=0.9)
