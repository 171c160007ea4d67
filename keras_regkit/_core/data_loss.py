"""The loss on the data alone: dropout off, moving averages still, penalties taken out."""

import keras
from keras import ops

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.data import count_rows


def as_loss(loss):
    """Returns what users call a loss, a name, a function or an object, as a `keras.losses.Loss`; None stays None.

    `keras.losses.get` makes a function of a name, and functions know neither weights nor the mean over rows.
    """
    loss = keras.losses.get(loss)
    return loss if loss is None or isinstance(loss, keras.losses.Loss) else _LossOfFunction(loss)


class _LossOfFunction(keras.losses.Loss):
    def __init__(self, function):
        super().__init__(name=getattr(function, "__name__", "loss"))
        self.function = function

    def call(self, y_true, y_pred):
        if len(y_true.shape) + 1 == len(y_pred.shape) and y_pred.shape[-1] == 1:
            y_true = ops.expand_dims(y_true, -1)  # a column of predictions and a vector of targets would spread out
        return self.function(y_true, y_pred)


class DataLoss:
    """Evaluates a compiled model's data loss and penalty in inference mode, and changes nothing in it.

        data_loss = mean over rows of loss(y, model(x, training=False))        penalty = Σ model.losses

    Args:
        model: A built, compiled model.
        loss: The loss to use, as a `keras.losses` object. None for the model's own, through its `compute_loss`.
    """

    def __init__(self, model, loss=None):
        self._function = compile_inference(model, self._one_batch(model, loss))

    def __call__(self, batches):
        """Returns `(data_loss, penalty, weight_penalty)` as floats, averaged over the rows of `batches`.

        `weight_penalty` is the part of `penalty` that depends on the weights alone, the same for any data.
        """
        totals, rows = [0.0, 0.0, 0.0], 0
        for x, y, weight in batches:
            n = count_rows((x, y))
            values = self._function(x, y, weight)
            totals = [t + n * float(ops.convert_to_numpy(v)) for t, v in zip(totals, values, strict=True)]
            rows += n
        return tuple(total / rows for total in totals)

    @staticmethod
    def _one_batch(model, loss):
        def one_batch(x, y, weight):
            y_pred = model(x, training=False)
            penalty = _sum(model.losses)
            if loss is None:
                total = model.compute_loss(x=x, y=y, y_pred=y_pred, sample_weight=weight, training=False)
                data_loss = ops.cast(total, "float32") - penalty
            else:
                data_loss = loss(y, y_pred, sample_weight=weight)
            weight_penalty = _sum(
                v.regularizer(v.value) for v in model.trainable_variables if v.regularizer is not None
            )
            return data_loss, penalty, weight_penalty

        return one_batch


def _sum(losses):
    return sum((ops.cast(ops.sum(loss), "float32") for loss in losses), ops.zeros((), "float32"))
