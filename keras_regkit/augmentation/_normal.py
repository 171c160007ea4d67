"""Normal numbers from uniform ones."""

import math


def normal(uniform, ops):
    """Returns standard normal numbers by Box and Muller (1958), each from two uniform ones.

        z = √(−2 ln(1 − u)) cos 2π v

    Args:
        uniform: Uniform numbers in [0, 1), `(batch, 2 n)`.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, n)`.
    """
    n = uniform.shape[1] // 2
    radius = ops.sqrt(-2 * ops.log(1 - uniform[:, :n]))
    return radius * ops.cos(2 * math.pi * uniform[:, n:])


def draws_of(count):
    """Returns how many uniform numbers `normals` takes for this many normal ones.

    >>> draws_of(3)
    4
    """
    return (count + 1) // 2 * 2


def normals(uniform, ops):
    """Returns as many standard normal numbers as there are uniform ones: both of each pair of Box and Muller (1958).

        z = √(−2 ln(1 − u)) (cos 2π v, sin 2π v)

    Args:
        uniform: Uniform numbers in [0, 1), `(batch, count)`, of an even count.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, count)`.
    """
    half = ops.shape(uniform)[1] // 2
    radius = ops.sqrt(-2 * ops.log(1 - uniform[:, :half]))
    angle = 2 * math.pi * uniform[:, half:]
    return ops.concatenate([radius * ops.cos(angle), radius * ops.sin(angle)], axis=1)
