"""Mean and variance of what batch normalization gets to see, over many batches."""

import contextlib

import numpy as np
from keras import ops

from keras_regkit._core.backend import compile_inference
from keras_regkit._core.data import count_rows
from keras_regkit._core.layer_modes import only_in_training
from keras_regkit._core.progress import Progress


def moments_estimator(model, norms):
    """Returns a function of batches that returns the mean and variance of each layer's inputs.

    It is compiled once, and reads the model's weights anew at each call. Each layer normalizes the batches by their own
    mean and variance, as in training; everything else runs in inference. Nothing in the model changes.

    Args:
        model: A built model.
        norms: Batch normalization layers within it.

    Returns:
        Function of `(batches, verbose)`, batches being a function that yields the inputs. It returns one pair
        `(mean, variance)` of float64 arrays per layer.
    """
    function = compile_inference(model, _moments_of(model, norms))
    return lambda batches, verbose=0: _put_together(function, batches, verbose)


def store_moments(layer, mean, variance):
    """Makes a mean and a variance the moving statistics of `layer`."""
    for variable, value in zip(statistics_of(layer), _as_stored(layer, mean, variance), strict=True):
        variable.assign(value.astype(variable.dtype))


def statistics_of(layer):
    """Returns the variables that hold the moving statistics of `layer`."""
    names = ["moving_mean", "moving_variance"]
    if getattr(layer, "renorm", False):
        names += ["moving_stddev", "renorm_mean", "renorm_stddev"]
    return [getattr(layer, name) for name in names]


def check_momentum(norms):
    """Raises if the statistics of a layer do not move. `norms` is a dict from path to layer."""
    still = [path for path, layer in norms.items() if not layer.momentum < 1]
    if still:
        raise ValueError(
            f"`momentum` must be less than 1, so that statistics move. Received 1 at {still}; set it to 0.99"
        )


def _as_stored(layer, mean, variance):
    if not getattr(layer, "renorm", False):
        return mean, variance
    deviation = np.sqrt(variance + layer.epsilon)
    return mean, variance, deviation, mean, deviation


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
