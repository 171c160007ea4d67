"""What a model says to one batch, without being changed by it."""

import dataclasses

import keras
import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference, to_tensors
from keras_regkit._core.data import count_rows, is_arrays
from keras_regkit._core.data_loss import DataLoss
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.layer_outputs import outputs_through
from keras_regkit._core.tracking import all_layers
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


def evaluate(model, function, *args):
    """Returns what `function(*args)`, which reads `model`, returns, as NumPy arrays; its assignments are dropped.

    Raises:
        CannotRun: the model cannot be called on these.
    """
    try:
        outputs = compile_inference(model, function)(*to_tensors(args))
        return keras.tree.map_structure(lambda t: np.asarray(ops.convert_to_numpy(t)), outputs)
    except Exception as error:  # models are users' code
        raise CannotRun(f"a batch of `train` cannot be put through the model: {_brief(error)}") from error


def largest_difference(a, b):
    """Returns the largest difference between the numbers of two equal structures of arrays; NaN counts for none."""
    pairs = zip(keras.tree.flatten(a), keras.tree.flatten(b), strict=True)
    return max((float(np.max(np.nan_to_num(np.abs(x - y)), initial=0.0)) for x, y in pairs), default=0.0)


def first_that_differs(model, x, layers):
    """Returns the path of the first layer whose outputs differ between two calls in inference mode; `None` for none.

    Args:
        model: A built model.
        x: A batch of inputs.
        layers: `{path: layer}`, of which those that hold others are passed over.
    """
    leaves = {path: layer for path, layer in layers.items() if len(all_layers(layer)) == 1}
    names = []

    def twice(x):
        seen = {}

        def keep(path):
            return lambda outputs: seen.setdefault(path, []).append(keras.tree.flatten(outputs)) or outputs

        with outputs_through([(layer, keep(path)) for path, layer in leaves.items()]):
            for _ in range(2):
                model(x, training=False)
        names[:] = [path for path, calls in seen.items() if len(calls) % 2 == 0]  # in the order of the calls
        return [_difference(seen[path]) for path in names]

    differences = evaluate(model, twice, x)
    return next((path for path, value in zip(names, differences, strict=True) if value > 1e-7), None)


def _difference(calls):
    first, second = calls[: len(calls) // 2], calls[len(calls) // 2 :]
    tensors = [pair for a, b in zip(first, second, strict=True) for pair in zip(a, b, strict=True)]
    parts = [ops.max(ops.abs(ops.cast(a, "float32") - ops.cast(b, "float32"))) for a, b in tensors]
    return ops.max(ops.stack(parts))


def losses_of(model, batch):
    """Returns `(data loss, penalty, penalty of weights)` as floats."""
    try:
        return DataLoss(model)([batch])
    except Exception as error:
        raise CannotRun(f"the loss of a batch of `train` cannot be computed: {_brief(error)}") from error


def losses_by_statistics(model, norms, batch):
    """Returns the data loss of a batch with the batch's own statistics in `norms`, and with the stored ones."""

    def both(x, y, weight):
        def loss():
            total = model.compute_loss(x, y, model(x, training=False), weight, training=False)
            return ops.cast(total, "float32") - sum((ops.cast(part, "float32") for part in model.losses), 0.0)

        with only_in_training(model, norms):
            with_batch = loss()
        return with_batch, loss()

    return tuple(float(value) for value in evaluate(model, both, *batch))


def variance_shift(model, x, layer):
    """Returns by how much the variance of a noise layer's outputs is larger in training; `None` if it has none.

    The variance of each feature over all else, and the mean of them.
    """

    def both(x):
        seen = []
        with outputs_through([(layer, lambda outputs: seen.append(outputs) or outputs)]):
            model(x, training=False)
            with only_in_training(model, [layer]):
                model(x, training=False)
        plain, noisy = (ops.cast(tensor, "float32") for tensor in (seen[0], seen[-1]))
        axes = tuple(range(len(plain.shape) - 1))
        return ops.mean(ops.var(noisy, axis=axes)), ops.mean(ops.var(plain, axis=axes))

    noisy, plain = (float(value) for value in evaluate(model, both, x))
    return noisy / plain if plain > 0 else None


def penalty_in_loss(model, batch, variables):
    """Returns the penalties of `variables`, by how much the loss of a batch falls without them, and the loss's size.

    The regularizers are taken off and put back again, since a loss of the user's own cannot be asked for its parts.
    """
    own = [variable.regularizer for variable in variables]

    def both(x, y, weight):
        def loss():
            return ops.cast(model.compute_loss(x, y, model(x, training=False), weight, training=False), "float32")

        penalty = sum(ops.cast(ops.sum(v.regularizer(v)), "float32") for v in variables)
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


def _brief(error):
    return f"{type(error).__name__}: {' '.join(str(error).split()):.150}"
