"""Batch normalization's moving statistics, estimated anew."""

import warnings

import keras
import numpy as np

from keras_regkit._core.batch_moments import check_momentum, moments_estimator, store_moments
from keras_regkit._core.batch_norms import batch_norms
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.types import Data
from keras_regkit._core.warnings import NoEffectWarning

_RANGES = {"batch_size": Interval(1, closed="left", integer=True), "verbose": OneOf(0, 1)}


def recalibrate_batch_norm(model: keras.Model, data: Data, batch_size: int = 256, verbose: int = 1) -> tuple[str, ...]:
    """Replaces batch normalization's moving statistics by those of `data` at the model's present weights, in place.

    Use it after the weights were changed by other means than training steps: averaged (SWA, EMA), pruned, projected or
    loaded; and after training that was too short for the momentum. Nothing else in the model changes.

    Each layer normalizes the batches by their own mean m_b and variance v_b, as in training; dropout and noise are
    off, as they will be when the statistics are used. Batches of n_b rows are put together as

        mean = Σ n_b m_b / Σ n_b        variance = Σ n_b (v_b + (m_b − mean)²) / Σ n_b

    which for a layer on the inputs is the mean and variance of the data, whatever the batches. Layers further on see
    what the batches make of them: use batches as large as in training, in random order. Frozen layers stay still.

    Args:
        model: A built model of any kind.
        data: An array of inputs (or a list or dict of arrays), a tuple `(x, y)`, a `tf.data.Dataset`, a
            `keras.utils.PyDataset`, or another iterable of batches.
        batch_size: Rows per batch, for arrays. Defaults to 256.
        verbose: 1 shows a progress bar once it has taken 2 seconds, 0 none. Defaults to 1.

    Returns:
        A tuple of the paths of the layers whose statistics were estimated.

    Raises:
        ValueError: the data have no rows, or are not finite somewhere; or a momentum is 1. The model is unchanged.
        TypeError: the data are none of these.

    A `NoEffectWarning` says when the model has no batch normalization, or all of it is frozen.

    Reference:
        Wu and Johnson 2021, "Rethinking 'Batch' in BatchNorm", section 3.1.

    Example:

    >>> import keras
    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.BatchNormalization(name="norm")])
    >>> recalibrate_batch_norm(model, np.array([[1.0], [2.0], [6.0]]), batch_size=2)
    ('norm',)
    >>> norm = model.get_layer("norm")
    >>> round(float(norm.moving_mean[0]), 3), round(float(norm.moving_variance[0]), 3)
    (3.0, 4.667)
    """
    check_arguments(_RANGES, batch_size=batch_size, verbose=verbose)
    if not model.built:
        raise ValueError(f"The model must be built. Received: {model.name!r}, which is not. Call it on a batch first")
    every = batch_norms(model)
    norms = {path: layer for path, layer in every.items() if layer.trainable}
    if not norms:
        why = (
            f"All batch normalization of {model.name!r} is frozen: {list(every)}"
            if every
            else (f"{model.name!r} has no batch normalization")
        )
        warnings.warn(f"{why}. No statistics were estimated", NoEffectWarning, stacklevel=2)
        return ()
    check_momentum(norms)
    batches = input_batches(data[0] if _is_pair(data) else data, batch_size, "data")
    moments = moments_estimator(model, list(norms.values()))(batches, verbose)
    for (path, _), (mean, variance) in zip(norms.items(), moments, strict=True):
        if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(variance))):
            raise ValueError(
                f"`data` must be finite, and so must what the model makes of it. At {path!r} the statistics are not: "
                "look for NaN and infinite values in the data, and in the weights. The model is unchanged"
            )
    for layer, (mean, variance) in zip(norms.values(), moments, strict=True):
        store_moments(layer, mean, variance)
    return tuple(norms)


def _is_pair(data):
    return isinstance(data, tuple) and 2 <= len(data) <= 3
