"""What a model says to one batch, without being changed by it."""

import dataclasses
import re

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import run_inference
from keras_regkit._core.data import count_rows, is_arrays
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit.diagnosis.audit.cannot_run import CannotRun


@dataclasses.dataclass(frozen=True)
class Predictions:
    """Outputs of a model for one batch, nested as it nests them, NumPy arrays.

    Args:
        inference: Of `model(x, training=False)`.
        again: Of the same call once more, the seeds having moved on.
        training: Of `model(x, training=True)`.
    """

    inference: object
    again: object
    training: object


def predict(model, x):
    """Returns the `Predictions` for a batch of inputs. Seeds and moving averages are as before afterwards."""

    def thrice(x):
        return tuple(model(x, training=training) for training in (False, False, True))

    return Predictions(*evaluate(model, thrice, x))


def evaluate(model, function, *args, values=None):
    """Returns what `function(*args)`, which reads `model`, returns, as NumPy arrays; its assignments are dropped.

    Args:
        model: A built model.
        function: Of tensors.
        *args: Arrays, nested structures of them, or None.
        values: What the model's variables are to be meanwhile. Defaults to what they are.

    Raises:
        CannotRun: the model cannot be called on these.
    """
    try:
        outputs = run_inference(model, function, *args, values=values)
        return keras.tree.map_structure(lambda t: np.asarray(ops.convert_to_numpy(t)), outputs)
    except Exception as error:  # models are users' code
        raise CannotRun(f"a batch of `train` cannot be put through the model: {_brief(error)}") from error


def largest_difference(a, b):
    """Returns the largest difference between the numbers of two equal structures of arrays; NaN counts for none."""
    pairs = zip(keras.tree.flatten(a), keras.tree.flatten(b), strict=True)
    return max((float(np.max(np.nan_to_num(np.abs(x - y)), initial=0.0)) for x, y in pairs), default=0.0)


def losses_of(model, batch):
    """Returns `(data loss, penalty, penalty of weights)` of a batch, in inference mode."""

    def terms(x, y, weight):
        total = model.compute_loss(x, y, model(x, training=False), weight, training=False)
        penalty = _sum(model.losses)
        trained = [v for v in model.trainable_variables if v.regularizer is not None]
        return ops.cast(total, "float32") - penalty, penalty, _sum(v.regularizer(v) for v in trained)

    return tuple(float(value) for value in evaluate(model, terms, *batch))


def losses_by_statistics(model, norms, batch):
    """Returns the data loss of a batch with the batch's own statistics in `norms`, and with the stored ones."""

    def both(x, y, weight):
        def loss():
            total = model.compute_loss(x, y, model(x, training=False), weight, training=False)
            return ops.cast(total, "float32") - _sum(model.losses)

        stored = loss()  # first, since training moves what is stored, also where that is dropped in the end
        with only_in_training(model, norms):
            return loss(), stored

    return tuple(float(value) for value in evaluate(model, both, *batch))


def penalty_in_loss(model, batch, variables):
    """Returns the penalties of `variables`, by how much the loss of a batch falls without them, and the loss's size.

    The regularizers are taken off and put back again, since a loss of the user's own cannot be asked for its parts.
    """
    own = [variable.regularizer for variable in variables]

    def both(x, y, weight):
        def loss():
            return ops.cast(model.compute_loss(x, y, model(x, training=False), weight, training=False), "float32")

        penalty = _sum(v.regularizer(v) for v in variables)
        full = loss()
        for variable in variables:
            variable.regularizer = None
        try:
            return penalty, full - loss(), ops.abs(full)
        finally:
            for variable, regularizer in zip(variables, own, strict=True):
                variable.regularizer = regularizer

    return tuple(float(value) for value in evaluate(model, both, *batch))


def rows_of(batch):
    """Number of rows of a batch."""
    return count_rows(batch)


def batches_in(data, batch_size, validation_split=None):
    """Number of batches that `fit` makes of training data; `None` where it cannot be known."""
    if is_arrays(data):
        rows = count_rows(data) - int(count_rows(data) * (validation_split or 0))
        return -(-rows // batch_size)
    for name in ("num_batches", "cardinality", "__len__"):
        value = getattr(data, name, None)
        value = value() if callable(value) else value
        if value is not None:
            return int(value) if int(value) > 0 else None
    return None


def _sum(terms):
    return sum((ops.cast(ops.sum(term), "float32") for term in terms), ops.zeros((), "float32"))


def _brief(error):
    message = re.sub(r"\x1b\[[0-9;]*m", "", str(error))  # Keras writes parts of its errors in bold
    return f"{type(error).__name__}: {' '.join(message.split()):.250}"
