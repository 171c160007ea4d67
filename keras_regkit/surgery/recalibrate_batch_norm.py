"""Batch normalization's moving statistics, estimated anew."""

import contextlib
import warnings

import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.batch_norms import batch_norms
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.data import count_rows
from keras_regkit._core.inputs import input_batches
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.progress import Progress
from keras_regkit._core.warnings import NoEffectWarning

_RANGES = {"batch_size": Interval(1, closed="left", integer=True), "verbose": OneOf(0, 1)}


def recalibrate_batch_norm(model, data, batch_size=256, verbose=1):
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
    _check_momentum(norms)
    batches = input_batches(data[0] if _is_pair(data) else data, batch_size, "data")
    moments = _put_together(compile_inference(model, _moments_of(model, list(norms.values()))), batches, verbose)
    for (path, _), (mean, variance) in zip(norms.items(), moments, strict=True):
        if not (np.all(np.isfinite(mean)) and np.all(np.isfinite(variance))):
            raise ValueError(
                f"`data` must be finite, and so must what the model makes of it. At {path!r} the statistics are not: "
                "look for NaN and infinite values in the data, and in the weights. The model is unchanged"
            )
    for layer, (mean, variance) in zip(norms.values(), moments, strict=True):
        _store(layer, mean, variance)
    return tuple(norms)


def _moments_of(model, norms):
    """Returns a function of a batch that returns the mean and variance of each layer's inputs."""

    def moments(x):
        for layer in norms:
            # From zero, a training step leads to (1 − momentum) times the batch's moments.
            layer.moving_mean.assign(ops.zeros_like(layer.moving_mean.value))
            layer.moving_variance.assign(ops.zeros_like(layer.moving_variance.value))
        with only_in_training(model, norms), _plainly(norms):
            model(x, training=False)
        shares = [1 - layer.momentum for layer in norms]
        return [
            (layer.moving_mean.value / share, layer.moving_variance.value / share)
            for layer, share in zip(norms, shares, strict=True)
        ]

    return moments


@contextlib.contextmanager
def _plainly(norms):
    """Has every layer normalize the batch as a whole, by its own moments.

    Batch renormalization would take the old statistics; ghost batches have no variance between them.
    """
    changed = [(layer, "renorm", True, False) for layer in norms if getattr(layer, "renorm", False)]
    changed += [(layer, "groups", layer.groups, 1) for layer in norms if hasattr(layer, "virtual_batch_size")]
    for layer, name, _, plain in changed:
        setattr(layer, name, plain)
    try:
        yield
    finally:
        for layer, name, own, _ in changed:
            setattr(layer, name, own)


def _put_together(function, batches, verbose):
    """Returns the mean and variance over all batches, by Chan's rule, in double precision."""
    rows, totals, progress = 0, None, Progress(verbose, "row")
    # Batches without rows say nothing.
    for x in filter(count_rows, batches()):
        n = count_rows(x)
        batch = [[np.asarray(ops.convert_to_numpy(m), "float64") for m in pair] for pair in function(x)]
        totals = totals or [(np.zeros_like(mean), np.zeros_like(variance)) for mean, variance in batch]
        totals = [_joined(total, rows, pair, n) for total, pair in zip(totals, batch, strict=True)]
        rows += n
        progress.update(rows)
    progress.update(rows, last=True)
    return totals


def _joined(total, rows, pair, n):
    (mean, variance), (batch_mean, batch_variance) = total, pair
    share = n / (rows + n)
    delta = batch_mean - mean
    return mean + share * delta, (1 - share) * variance + share * batch_variance + share * (1 - share) * delta**2


def _store(layer, mean, variance):
    layer.moving_mean.assign(mean.astype(layer.moving_mean.dtype))
    layer.moving_variance.assign(variance.astype(layer.moving_variance.dtype))
    if getattr(layer, "renorm", False):
        deviation = np.sqrt(variance + layer.epsilon)
        for name, value in (("moving_stddev", deviation), ("renorm_mean", mean), ("renorm_stddev", deviation)):
            getattr(layer, name).assign(value.astype(getattr(layer, name).dtype))


def _check_momentum(norms):
    still = [path for path, layer in norms.items() if not layer.momentum < 1]
    if still:
        raise ValueError(
            f"`momentum` must be less than 1, so that statistics move. Received 1 at {still}; set it to 0.99"
        )


def _is_pair(data):
    return isinstance(data, tuple) and 2 <= len(data) <= 3
