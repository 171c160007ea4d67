"""Frequencies drawn as ears tell them apart."""

import math


def mel_between(pair, number, ops):
    """Returns frequencies in Hz, spread evenly in mel.

        mel = 2595 log₁₀(1 + f / 700)

    Args:
        pair: Lowest and highest frequency in Hz.
        number: Uniform numbers in [0, 1).
        ops: The functions to compute with.
    """
    low, high = (math.log1p(hertz / 700) for hertz in pair)
    return 700 * (ops.exp(low + (high - low) * number) - 1)
