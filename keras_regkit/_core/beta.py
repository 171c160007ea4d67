"""Shares with a symmetric Beta distribution, from uniform numbers, in a few lines that XLA can compile."""

import math

# e to this is still a float32.
_LARGEST_POWER = 85.0


def smaller_share(alpha, u, v, ops):
    """Returns min(λ, 1 − λ) for λ ~ Beta(α, α), exactly, with nothing drawn in vain.

        min(λ, 1 − λ) = ½ (1 − √(w / (1 + w))),        w = ((1 − u)^(−1/α) − 1) cos²(2πv)

    after Devroye 1996, "Random Variate Generation in One Line of Code", section 4. It is written such that shares far
    below the rounding error of 1 come out right, as most do where α is small.

    Args:
        alpha: α, above 0: a number or a tensor.
        u, v: Tensors of uniform numbers in [0, 1).
        ops: The functions to compute with.

    Example:

    >>> share = smaller_share(1.0, np.array([0.75], "float32"), np.array([0.0], "float32"), keras.ops)
    >>> round(float(share[0]), 4)  # w = 3
    0.067
    """
    power = ops.minimum(-ops.log(1 - u) / alpha, _LARGEST_POWER)
    w = ops.expm1(power) * ops.square(ops.cos(2 * math.pi * v))
    rest = 1 / (1 + w)
    return 0.5 * rest / (1 + ops.sqrt(w * rest))


def beta(alpha, u, v, side, ops):
    """Returns λ ~ Beta(α, α), from three tensors of uniform numbers in [0, 1)."""
    smaller = smaller_share(alpha, u, v, ops)
    return ops.where(side < 0.5, smaller, 1 - smaller)
