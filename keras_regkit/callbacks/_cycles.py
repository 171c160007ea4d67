"""The learning rate that falls to zero again and again."""

import math


def cyclic_rate(initial, position, length, cos=math.cos):
    """Huang et al. 2017, equation 2: α(t) = α₀/2 (cos(π t / T) + 1) for t steps into a cycle of T.

    Args:
        initial: Rate α₀ at the start of a cycle.
        position: Steps t since the cycle began, 0 to `length`.
        length: Steps T of a cycle.
        cos: Cosine for what `position` is: a number, or a tensor.
    """
    return initial / 2 * (cos(math.pi * position / length) + 1)
