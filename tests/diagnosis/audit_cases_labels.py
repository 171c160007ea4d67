"""Targets, losses and metrics for the rules about labels."""

import keras
import numpy as np
from audit_table import faulty, fine
from keras import layers, losses

from keras_regkit.losses import LabelSmoothing

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3)).astype("float32")
CLASSES = RNG.integers(0, 4, 40)
ONE_HOT = np.eye(4, dtype="float32")[CLASSES]
MIXED = 0.7 * ONE_HOT + 0.3 * ONE_HOT[::-1]
SMOOTH = 0.9 * ONE_HOT + 0.1 / 4
YES = (X[:, :1] > 0).astype("float32")


def head(units, activation, loss, **compile_args):
    model = keras.Sequential([keras.Input((3,)), layers.Dense(units, activation=activation)])
    model.compile("sgd", loss, **compile_args)
    return model


def classifier(loss="sparse_categorical_crossentropy", activation="softmax", **compile_args):
    return head(4, activation, loss, **compile_args)


def two_headed(losses, metrics=None):
    inputs = keras.Input((3,))
    kind = layers.Dense(4, activation="softmax", name="kind")(inputs)
    size = layers.Dense(1, activation="relu", name="size")(inputs)
    model = keras.Model(inputs, {"kind": kind, "size": size})
    model.compile("sgd", losses, metrics=metrics)
    return model


@faulty("RK401", where="compile(loss=)", count=1)
def mixup_of_class_numbers():
    return {"model": classifier(), "train": (X, 0.7 * CLASSES + 0.3 * CLASSES[::-1])}


@fine("RK401")
def class_numbers_as_floats():
    return {"model": classifier(), "train": (X, CLASSES.astype("float32"))}


@faulty("RK401", where="compile(loss=) of output 'kind'")
def mixup_of_class_numbers_for_one_output():
    model = two_headed({"kind": "sparse_categorical_crossentropy", "size": "mse"})
    return {"model": model, "train": (X, {"kind": CLASSES + 0.5, "size": YES})}


@faulty("RK402", where="compile(loss=)", count=1, **{"smoothing of the loss": 0.1, "share of rows": 1.0})
def smoothed_in_loss_and_data():
    loss = losses.CategoricalCrossentropy(label_smoothing=0.1)
    return {"model": classifier(loss), "train": (X, SMOOTH)}


@faulty("RK402")
def smoothed_in_our_loss_and_data():
    return {"model": classifier(LabelSmoothing("categorical_crossentropy", 0.2)), "train": (X, SMOOTH)}


@fine("RK402")
def smoothed_once():
    return {"model": classifier(losses.CategoricalCrossentropy(label_smoothing=0.1)), "train": (X, ONE_HOT)}


@faulty("RK403", count=1, **{"smoothing claimed": 0.3, "smoothing measured": 0.0})
def smoothing_set_later():
    loss = losses.CategoricalCrossentropy()
    loss.label_smoothing = 0.3
    return {"model": classifier(loss)}


@faulty("RK403", count=1)
def smoothing_set_on_a_sparse_loss():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    loss.label_smoothing = 0.1
    return {"model": classifier(loss, None)}


@faulty("RK403", count=1)
def smoothing_set_later_on_a_binary_loss():
    loss = losses.BinaryCrossentropy()
    loss.label_smoothing = 0.1
    return {"model": head(1, "sigmoid", loss)}


@fine("RK403")
def smoothing_passed():
    return {"model": classifier(losses.CategoricalCrossentropy(label_smoothing=0.3, from_logits=True), None)}


@fine("RK403")
def smoothing_passed_to_a_binary_loss():
    return {"model": head(1, "sigmoid", losses.BinaryCrossentropy(label_smoothing=0.2))}


@faulty("RK404", where="fit(class_weight=)", count=1, **{"largest over least weight": 5.0})
def class_weight_with_mixup():
    weights = {"class_weight": {0: 5.0, 1: 1.0, 2: 1.0, 3: 1.0}}
    return {"model": classifier("categorical_crossentropy"), "train": (X, MIXED), "fit_args": weights}


@fine("RK404")
def class_weight_with_hard_labels():
    weights = {"class_weight": {0: 5.0, 1: 1.0, 2: 1.0, 3: 1.0}}
    return {"model": classifier("categorical_crossentropy"), "train": (X, ONE_HOT), "fit_args": weights}


@faulty("RK405", activation="softmax", from_logits=True)
def probabilities_as_logits():
    return {"model": classifier(losses.SparseCategoricalCrossentropy(from_logits=True))}


@faulty("RK405", activation="linear", from_logits=False)
def logits_as_probabilities():
    return {"model": head(1, None, "binary_crossentropy")}


class Opaque(keras.Model):
    """A model whose last activation cannot be seen."""

    def __init__(self, activation):
        super().__init__()
        self.dense = layers.Dense(4, activation=activation)

    def call(self, x):
        return self.dense(x)


def opaque(activation, loss):
    model = Opaque(activation)
    model.compile("sgd", loss)
    model(X[:1])
    return model


@faulty("RK405", from_logits=False)
def logits_seen_in_predictions():
    return {"model": opaque(None, "sparse_categorical_crossentropy"), "train": (10 * X, CLASSES)}


@faulty("RK405", from_logits=True)
def probabilities_seen_in_predictions():
    loss = losses.SparseCategoricalCrossentropy(from_logits=True)
    return {"model": opaque("softmax", loss), "train": (X, CLASSES)}


@fine("RK405")
def probabilities_in_predictions():
    return {"model": opaque("softmax", "sparse_categorical_crossentropy"), "train": (X, CLASSES)}


@fine("RK405")
def logits_and_linear():
    return {"model": classifier(losses.SparseCategoricalCrossentropy(from_logits=True), None)}


@fine("RK405")
def two_outputs_each_with_its_loss():
    return {"model": two_headed({"kind": "sparse_categorical_crossentropy", "size": "mse"})}


@faulty("RK406", activation="sigmoid")
def sigmoid_under_a_categorical_loss():
    return {"model": classifier("categorical_crossentropy", "sigmoid")}


@faulty("RK406", activation="softmax", units=4)
def softmax_under_a_binary_loss():
    return {"model": classifier("binary_crossentropy")}


@faulty("RK406", units=1)
def softmax_over_one_unit():
    return {"model": head(1, "softmax", "binary_crossentropy")}


@fine("RK406")
def sigmoid_under_a_binary_loss():
    return {"model": classifier("binary_crossentropy", "sigmoid")}


@faulty("RK407", activation="relu", count=1)
def negative_targets_under_relu():
    return {"model": head(1, "relu", "mse"), "train": (X, X[:, :1])}


@faulty("RK407", where="compile(loss=) of output 'size'")
def negative_targets_of_one_output():
    model = two_headed({"kind": "sparse_categorical_crossentropy", "size": "mse"})
    return {"model": model, "train": (X, {"kind": CLASSES, "size": X[:, :1]})}


@fine("RK407")
def targets_within_reach():
    return {"model": head(1, "relu", "mse"), "train": (X, np.abs(X[:, :1]))}


@faulty("RK408", where="compile(metrics=): accuracy", threshold=0.5)
def accuracy_of_logits():
    loss = losses.BinaryCrossentropy(from_logits=True)
    return {"model": head(1, None, loss, metrics=["accuracy"])}


@faulty("RK408", count=2)
def precision_and_auc_of_logits():
    metrics = [keras.metrics.Precision(), keras.metrics.AUC()]
    return {"model": head(1, None, losses.BinaryCrossentropy(from_logits=True), metrics=metrics)}


@faulty("RK408", count=1)
def accuracy_of_numbers():
    return {"model": head(1, None, "mse", metrics=["accuracy"]), "train": (X, X[:, :1])}


@faulty("RK408", count=1, labels="one-hot")
def sparse_metric_of_one_hot_labels():
    return {"model": classifier("categorical_crossentropy", metrics=["sparse_categorical_accuracy"])}


@fine("RK408")
def metrics_that_fit():
    metrics = [keras.metrics.BinaryAccuracy(threshold=0.0), keras.metrics.AUC(from_logits=True)]
    return {"model": head(1, None, losses.BinaryCrossentropy(from_logits=True), metrics=metrics)}


@fine("RK408")
def accuracy_of_classes():
    return {"model": classifier(metrics=["accuracy"])}


@fine("RK408")
def accuracy_of_one_output():
    metrics = {"kind": "accuracy", "size": "mae"}
    return {"model": two_headed({"kind": "sparse_categorical_crossentropy", "size": "mse"}, metrics)}


@faulty("RK409", where="train: compile(loss=)", units=4, rows=int((CLASSES == 3).sum()))
def classes_from_one():
    return {"model": classifier(), "train": (X, CLASSES + 1)}


@fine("RK409")
def classes_from_zero():
    return {"model": classifier(), "train": (X, CLASSES), "validation": (X, CLASSES)}


@fine("RK409")
def a_class_that_is_ignored():
    loss = losses.SparseCategoricalCrossentropy(ignore_class=-1)
    return {"model": classifier(loss), "train": (X, np.where(CLASSES == 3, -1, CLASSES))}


@faulty("RK410", where="train", rows=1, **{"first row": 5})
def a_target_that_is_nan():
    return {"model": head(1, None, "mse"), "train": (X, np.where(np.arange(40) == 5, np.nan, X[:, 0]))}


@fine("RK410")
def finite_targets():
    return {"model": classifier(), "train": (X, CLASSES)}


@faulty("RK411", where="validation", count=1)
def mixup_in_validation():
    return {"model": classifier("categorical_crossentropy"), "train": (X, MIXED), "validation": (X, MIXED)}


@faulty("RK411", where="validation", count=1)
def smoothing_in_validation():
    return {"model": classifier("categorical_crossentropy"), "validation": (X, SMOOTH)}


@fine("RK411")
def hard_labels_in_validation():
    return {"model": classifier("categorical_crossentropy"), "train": (X, MIXED), "validation": (X, ONE_HOT)}


@fine("RK411")
def labels_of_a_teacher():
    soft = RNG.dirichlet(np.ones(4), 40).astype("float32")
    return {"model": classifier("categorical_crossentropy"), "validation": (X, soft)}


@fine("RK411")
def labels_of_a_teacher_for_three_classes():
    soft = RNG.dirichlet(np.ones(3), 40).astype("float32")
    return {"model": head(3, "softmax", "categorical_crossentropy"), "validation": (X, soft)}
