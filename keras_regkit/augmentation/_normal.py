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
