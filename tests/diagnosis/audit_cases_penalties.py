"""Models for the rules about penalties."""

import keras
import numpy as np
from audit_table import chain, faulty, fine, rows
from keras import layers
from keras.regularizers import L1, L1L2, L2

from keras_regkit import regularizers, strengths, surgery
from keras_regkit.optimizers import ProximalAdam


def dense(regularizer=None, units=4, name="hidden", **kwargs):
    return layers.Dense(units, kernel_regularizer=regularizer, name=name, **kwargs)


@faulty("RK101", where="hidden/kernel", count=1, **{"kernel_regularizer of the layer": "L2(0.5)"})
def set_after_build():
    model = chain(dense(), layers.Dense(1))
    model.get_layer("hidden").kernel_regularizer = L2(0.5)
    return {"model": model}


@faulty("RK101", where="block/hidden/kernel", **{"of the weight": "L2(0.5)"})
def changed_after_build_in_a_nested_model():
    model = chain(keras.Sequential([keras.Input((3,)), dense(L2(0.5))], name="block"))
    model.get_layer("block").get_layer("hidden").kernel_regularizer = L2(0.25)
    return {"model": model}


@faulty("RK101", where="steps/hidden/kernel")
def set_after_build_in_a_wrapper():
    model = chain(layers.TimeDistributed(dense(), name="steps"), shape=(5, 3))
    model.get_layer("steps").layer.kernel_regularizer = L2(0.5)
    return {"model": model}


@faulty("RK101", where="depthwise/kernel")
def set_after_build_on_a_depthwise_kernel():
    model = chain(layers.DepthwiseConv2D(2, name="depthwise"), shape=(4, 4, 2))
    model.get_layer("depthwise").depthwise_regularizer = L2(0.5)
    return {"model": model}


@fine("RK101")
def set_before_build():
    return {"model": chain(dense(L2(0.5)), layers.LSTM(2, recurrent_regularizer="l2"), shape=(5, 3))}


@fine("RK101")
def attached():
    model = chain(dense(), layers.Dense(1))
    surgery.attach(model, regularizers.GroupLasso(0.1))
    return {"model": model}


@fine("RK101")
def loaded_from_a_config():
    return {"model": keras.models.clone_model(attached()["model"])}


@faulty("RK102", where="hidden/kernel", count=1)
def frozen():
    model = chain(dense(L2(0.5)), layers.Dense(1))
    model.get_layer("hidden").trainable = False
    return {"model": model}


@fine("RK102")
def frozen_without_penalty():
    model = chain(dense(), layers.Dense(1, kernel_regularizer="l2"))
    model.get_layer("hidden").trainable = False
    return {"model": model}


class ForgetsInLoss(keras.Model):
    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        return keras.ops.mean(keras.losses.mean_squared_error(y, y_pred))


class ForgetsInStep(keras.Model):
    def train_step(self, data):
        raise NotImplementedError  # its own loss only


class Remembers(ForgetsInLoss):
    def compute_loss(self, *args, **kwargs):
        return super().compute_loss(*args, **kwargs) + sum(self.losses)


def of_class(cls, regularizer):
    inputs = keras.Input((3,))
    model = cls(inputs, dense(regularizer, units=1)(inputs))
    model.compile("sgd", "mse")
    return {"model": model, "train": rows()}


@faulty("RK103", where="ForgetsInLoss.compute_loss", **{"part of it in the loss": 0.0})
def loss_without_penalties():
    return of_class(ForgetsInLoss, L2(0.5))


@faulty("RK103", where="ForgetsInStep.train_step")
def step_without_penalties():
    return of_class(ForgetsInStep, L2(0.5))


@fine("RK103")
def loss_with_penalties():
    return of_class(Remembers, L2(0.5))


@fine("RK103")
def two_outputs_and_an_activity_regularizer():
    inputs = keras.Input((3,))
    hidden = dense(L1(0.1), activity_regularizer=L2(0.1))(inputs)
    model = keras.Model(inputs, {"a": layers.Dense(1)(hidden), "b": layers.Dense(1)(hidden)})
    model.compile("sgd", {"a": "mse", "b": "mae"})
    x, y = rows()
    return {"model": model, "train": (x, {"a": y, "b": y})}


@fine("RK103")
def no_penalties():
    return {"model": chain(dense())}


@faulty("RK104", where="hidden/kernel", count=1, l2=0.5, **{"weight decay": 0.004})
def l2_with_adamw():
    return {"model": chain(dense(L1L2(l2=0.5)), layers.Dense(1), optimizer="adamw")}


@faulty("RK104", where="hidden/kernel")
def l2_with_decay_under_a_loss_scale():
    optimizer = keras.optimizers.LossScaleOptimizer(keras.optimizers.SGD(0.1, weight_decay=0.01))
    return {"model": chain(dense(L2(0.5)), optimizer=optimizer)}


@fine("RK104")
def l2_spared_from_decay():
    optimizer = keras.optimizers.AdamW()
    model = chain(dense(L2(0.5)), layers.Dense(1), optimizer=optimizer)
    optimizer.exclude_from_weight_decay(var_list=[model.get_layer("hidden").kernel])
    return {"model": model}


@fine("RK104")
def l2_without_decay():
    return {"model": chain(dense(L2(0.5)))}


@faulty("RK105", where="hidden/kernel", count=1, l2=0.5, optimizer="Adam")
def l2_with_adam():
    return {"model": chain(dense(L2(0.5)), layers.Dense(1), optimizer="adam")}


@faulty("RK105", where="hidden/kernel", l2=0.5)
def scheduled_l2_with_rmsprop():
    penalty = regularizers.Scheduled(L2(0.5), strengths.Linear(0.0, 1.0, steps=10))
    return {"model": chain(dense(penalty), optimizer="rmsprop")}


@fine("RK105")
def l2_with_sgd():
    return {"model": chain(dense(L2(0.5)))}


@fine("RK105")
def l2_by_proximal_steps():
    return {"model": chain(dense(L2(0.5)), optimizer=ProximalAdam())}


@faulty("RK106", where="optimizer", count=1, biases=1, **{"norm scales and shifts": 2, "first": "hidden/bias"})
def adamw_as_it_comes():
    return {"model": chain(dense(), layers.LayerNormalization(), optimizer="adamw")}


@fine("RK106")
def adamw_on_kernels():
    optimizer = keras.optimizers.AdamW()
    optimizer.exclude_from_weight_decay(var_names=["bias", "gamma", "beta"])
    return {"model": chain(dense(), layers.LayerNormalization(), optimizer=optimizer)}


@fine("RK106")
def without_decay():
    return {"model": chain(dense(), optimizer="adam")}


@faulty("RK107", where="model.losses", penalty=300.0, ratio=300.0, **{"data loss": 1.0})
def penalty_of_300():
    layer = dense(L2(100.0), units=1, kernel_initializer="ones")
    return {"model": chain(layer), "train": (np.ones((8, 3)), np.full((8, 1), 2.0))}


@fine("RK107")
def penalty_of_a_half():
    layer = dense(L2(0.5 / 3), units=1, kernel_initializer="ones")
    return {"model": chain(layer), "train": (np.ones((8, 3)), np.full((8, 1), 2.0))}


@faulty("RK108", where="hidden/kernel", l2=0.5, **{"norm of the kernel": 12**0.5, "effective learning rate": 0.01 / 12})
def l2_into_batch_norm():
    layer = dense(L2(0.5), kernel_initializer="ones", use_bias=False)
    return {"model": chain(layer, layers.BatchNormalization(), layers.ReLU())}


@faulty("RK108", where="branch/hidden/kernel", count=1)
def l2_at_the_end_of_a_nested_model():
    inputs = keras.Input((3,))
    branch = keras.Sequential([keras.Input((3,)), layers.Dense(3), dense(L2(0.5))], name="branch")
    return {"model": keras.Model(inputs, layers.BatchNormalization()(branch(inputs)))}


@fine("RK108")
def l2_into_an_activation():
    return {"model": chain(dense(L2(0.5), activation="relu"), layers.BatchNormalization(), dense(L2(0.5), name="last"))}


@fine("RK108")
def l2_into_batch_norm_and_elsewhere():
    inputs = keras.Input((3,))
    hidden = dense(L2(0.5))(inputs)
    return {"model": keras.Model(inputs, layers.Add()([layers.BatchNormalization()(hidden), hidden]))}


@faulty("RK109", where="hidden/kernel", count=1, weights=12, **{"exactly zero": 0, "steps taken": 0})
def l1_with_adam():
    return {"model": chain(dense(L1(0.1)), optimizer="adam")}


@faulty("RK109", where="hidden/kernel", **{"exactly zero": 0, "steps taken": 4})
def group_lasso_after_training():
    model = chain(dense(regularizers.GroupLasso(0.1)))
    model.fit(*rows(targets=4), batch_size=4, epochs=2, verbose=0)
    return {"model": model}


@fine("RK109")
def l1_by_proximal_steps():
    return {"model": chain(dense(L1(0.1)), optimizer=ProximalAdam())}


@fine("RK109")
def penalties_without_zeros():
    return {"model": chain(dense(L2(0.1)), dense(regularizers.Orthogonal(0.1), name="last"))}


@faulty("RK110", where="conv/kernel", shape=(3, 3, 2, 4))
def core_orthogonal_on_a_convolution():
    penalty = keras.regularizers.OrthogonalRegularizer()
    return {"model": chain(layers.Conv2D(4, 3, kernel_regularizer=penalty, name="conv"), shape=(5, 5, 2))}


@fine("RK110")
def orthogonal_where_it_fits():
    conv = layers.Conv2D(4, 3, kernel_regularizer=regularizers.Orthogonal(0.1))
    return {"model": chain(conv, layers.Flatten(), dense(keras.regularizers.OrthogonalRegularizer()), shape=(5, 5, 2))}


@faulty("RK111", where="hidden/kernel", count=1, regularizer="L2(0.01)")
def l2_as_a_string():
    return {"model": chain(dense("l2"))}


@fine("RK111")
def l2_of_a_strength():
    return {"model": chain(dense(L2(0.001)), dense(L1L2(0.01, 0.01), name="last"))}


@faulty("RK112", where="hidden/kernel", l1=0.0, l2=0.0)
def l1l2_as_a_string():
    return {"model": chain(dense("l1l2"))}


@fine("RK112")
def l1l2_of_one_strength():
    return {"model": chain(dense(L1L2(l1=0.1)), dense(name="last"))}
