"""Cubic splines through evenly spaced points, as polynomials whose coefficients are linear in the values."""

import functools

import numpy as np


@functools.cache
def pieces(points):
    """Returns the coefficients of the spline's pieces, for each value of 1 at one point and 0 at the others.

        f(j + w) = Σ_p w^p Σ_k C[j, p, k] y_k,  w in [0, 1]

    The spline is that of SciPy: its third derivative does not jump at the second point and the last but one ("not a
    knot"); through three points it is a parabola.

    Args:
        points: Number of points, at least 3, at 0, 1, 2, ….

    Returns:
        Float64 array `(points - 1, 4, points)`.

    >>> (pieces(5)[2].sum(1).round(12) + 0.0).tolist()  # constants stay constant
    [1.0, 0.0, 0.0, 0.0]
    """
    y, slopes = np.eye(points), _slopes(points)
    rise = y[1:] - y[:-1]
    s0, s1 = slopes[:-1], slopes[1:]
    return np.stack([y[:-1], s0, 3 * rise - 2 * s0 - s1, s0 + s1 - 2 * rise], axis=1)


@functools.cache
def integrals(points):
    """Returns the coefficients of the integral of the same spline from 0: `(points - 1, 5, points)`."""
    own = pieces(points) / np.arange(1, 5)[None, :, None]
    start = np.concatenate([np.zeros((1, points)), np.cumsum(own.sum(1), axis=0)[:-1]])
    return np.concatenate([start[:, None], own], axis=1)


@functools.cache
def values(points, per_piece=8):
    """Returns the spline on a fine grid, for each value of 1 at one point: `(grid, points)`."""
    w = np.arange(per_piece) / per_piece
    powers = w[:, None] ** np.arange(4)
    grid = np.einsum("wp,jpk->jwk", powers, pieces(points)).reshape(-1, points)
    return np.concatenate([grid, np.eye(points)[-1:]])


def combine(table, values, ops):
    """Returns Σ_k table[…, k] values[:, k], `(batch, …, features)`, exactly: no matmul, which some devices round."""
    table = ops.convert_to_tensor(table.astype("float32"))
    between = (1,) * (len(table.shape) - 1)
    points, features = values.shape[1:]
    return ops.sum(table[None, ..., None] * ops.reshape(values, (-1, *between, points, features)), axis=-2)


def evaluate(coefficients, fraction, ops):
    """Returns the polynomials of each sample where its steps lie.

    Args:
        coefficients: `(batch, pieces, powers, features)`.
        fraction: In [0, 1], over all pieces: `(batch or 1, steps)`.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, steps, features)`.
    """
    count, powers, features = coefficients.shape[1:]
    at = fraction * count
    piece = ops.clip(ops.floor(at), 0.0, count - 1.0)
    w = (at - piece)[..., None]
    first = (ops.arange(0, ops.shape(coefficients)[0], dtype="int32") * count)[:, None]
    rows = ops.reshape(coefficients, (-1, powers * features))
    own = ops.take(rows, first + ops.cast(piece, "int32"), axis=0)
    total = own[..., -features:]
    for power in reversed(range(powers - 1)):
        total = total * w + own[..., power * features : (power + 1) * features]
    return total


def _slopes(points):
    """Returns the first derivative at each point, for each value of 1 at one point."""
    left, right = np.zeros((points, points)), np.zeros((points, points))
    y = np.eye(points)
    for k in range(1, points - 1):
        left[k, k - 1 : k + 2] = 1, 4, 1
        right[k] = 3 * (y[k + 1] - y[k - 1])
    for k, inward in ((0, 1), (points - 1, -1)):
        near, far = k + inward, k + 2 * inward
        if points == 3:
            left[k, [k, near]] = 1, 1
            right[k] = 2 * inward * (y[near] - y[k])
        else:
            left[k, [k, far]] = 1, -1
            right[k] = 2 * inward * (2 * y[near] - y[k] - y[far])
    return np.linalg.solve(left, right)
