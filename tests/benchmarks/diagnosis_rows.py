"""Networks that carry their rows with them, so that trainings on different data are one population.

A population shares its arrays. Here these are row numbers; each member looks its rows up in frozen weights of its own.
"""

import keras
import numpy as np
from diagnosis_tasks import network, optimizer
from keras import ops

PACKAGE = "diagnosis_rows"


@keras.saving.register_keras_serializable(PACKAGE)
class Table(keras.layers.Layer):
    """Rows by their number."""

    def __init__(self, rows, shape, **kwargs):
        super().__init__(**kwargs)
        self.rows, self.row_shape = rows, tuple(shape)

    def build(self, input_shape):
        self.table = self.add_weight(shape=(self.rows, *self.row_shape), initializer="zeros", trainable=False)

    def call(self, numbers):
        return ops.take(self.table, numbers[:, 0], axis=0)

    def compute_output_shape(self, input_shape):
        return (input_shape[0], *self.row_shape)

    def get_config(self):
        return {**super().get_config(), "rows": self.rows, "shape": self.row_shape}


@keras.saving.register_keras_serializable(PACKAGE)
class CarriedLoss(keras.losses.Loss):
    """The loss of a network whose first output is the target."""

    def __init__(self, family, **kwargs):
        super().__init__(**kwargs)
        self.family = family

    def call(self, y_true, y_pred):
        target, predicted = y_pred[:, :1], y_pred[:, 1:]
        if self.family == "regression":
            return keras.losses.mean_squared_error(target, predicted)
        if self.family == "binary":
            return keras.losses.binary_crossentropy(target, predicted, from_logits=True)
        target = ops.cast(target, "int32")
        return keras.losses.sparse_categorical_crossentropy(target, predicted, from_logits=True)

    def get_config(self):
        return {**super().get_config(), "family": self.family}


def carrying(group, chosen, seed, train, validation):
    """Returns the compiled network of a training with its rows: `train`, and behind them `validation`."""
    keras.utils.set_random_seed(seed)
    x, y = (np.concatenate(pair) for pair in ((train.x, validation.x), (train.y, validation.y)))
    number = keras.Input((1,), dtype="int32")
    rows, targets = Table(len(x), group.shape), Table(len(x), (1,))
    inputs, target = rows(number), targets(number)
    model = keras.Model(number, keras.layers.Concatenate()([target, network(group, chosen, seed, inputs)]))
    rows.table.assign(x)
    targets.table.assign(y)
    model.compile(optimizer(group, chosen), CarriedLoss(group.family))
    return model


def numbers(start, stop):
    """Returns `(x, y)` for `fit`: the row numbers, and targets that nobody reads."""
    rows = np.arange(start, stop, dtype="int32")[:, None]
    return rows, np.zeros(rows.shape, "float32")
