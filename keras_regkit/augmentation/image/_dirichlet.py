"""Shares with a symmetric Dirichlet distribution, from uniform numbers."""

import functools
import math

import numpy as np

_SIZE = 4096
_GRID = 1 << 16


@functools.cache
def log_gamma_quantiles(alpha):
    """Returns the logarithms of the quantiles of the gamma distribution of shape `alpha` at (k + 1/2) / 4096.

    From the density of t = log x, exp(α t − eᵗ), summed along a grid.
    """
    # What lies below has a probability of 1e-7; what lies above, less.
    low = (math.log(1e-7) + math.lgamma(alpha + 1)) / alpha
    high = math.log(alpha + 10 * math.sqrt(alpha) + 20)
    t = np.linspace(low, high, _GRID)
    log_density = alpha * t - np.exp(t)
    mass = np.cumsum(np.exp(log_density - log_density.max()))
    return tuple(np.interp((np.arange(_SIZE) + 0.5) / _SIZE, mass / mass[-1], t).tolist())


def dirichlet(alpha, numbers, ops):
    """Returns shares that are Dirichlet(α, ..., α), as many as there are uniform numbers; a list of vectors.

    Gamma variables, divided by their sum. Their logarithms are read from a table of 4096 quantiles, as they may be too
    small for float32 where α is.
    """
    table = ops.convert_to_tensor(log_gamma_quantiles(float(alpha)), "float32")
    logs = []
    for number in numbers:
        place = ops.clip(number * _SIZE - 0.5, 0.0, _SIZE - 1.0)
        below = ops.minimum(ops.floor(place), _SIZE - 2.0)
        index = ops.cast(below, "int32")
        first, second = ops.take(table, index, axis=0), ops.take(table, index + 1, axis=0)
        logs.append(first + (place - below) * (second - first))
    largest = functools.reduce(ops.maximum, logs)
    gammas = [ops.exp(log - largest) for log in logs]
    total = sum(gammas[1:], gammas[0])
    return [gamma / total for gamma in gammas]
