"""Butterworth filters with cut-offs for each clip, as sums of filters of the first order.

A digital filter is written as its impulse response,

    h(0) = d,  h(n) = Re Σ_k c_k p_k^(n − 1)

which comes from the partial fractions of the analog filter, Σ ρ_k / (s − a_k), by the bilinear transform
s = (z − 1) / (z + 1), with the cut-offs warped so that they stay where they are.
"""

import math
from typing import Any, NamedTuple

import numpy as np

from keras_regkit.augmentation.audio._complex import Complex, stacked


class Response(NamedTuple):
    """The impulse response of each clip's filter.

    Args:
        direct: d, `(batch,)`.
        weights: c_k as `Complex`, `(batch, terms)`.
        decay, angle: ln |p_k| and the angle of p_k, `(batch, terms)`.
    """

    direct: Any
    weights: Complex
    decay: Any
    angle: Any


def warped(hertz, sampling_rate, ops):
    """Returns the analog frequencies that become these digital ones."""
    return ops.tan(math.pi * hertz / sampling_rate)


def low_pass(cutoff, order, ops):
    """Returns the `Response` for warped cut-offs, `(batch,)`.

    H(s) = Π_k W / (s − W q_k)
    """
    terms = [
        (weight, _constant(residue, cutoff, ops).times(cutoff), _constant(pole, cutoff, ops).times(cutoff))
        for pole, residue, weight in _prototype(order)
    ]
    return _digital(terms, 0.0, ops)


def high_pass(cutoff, order, ops):
    """Returns the `Response` for warped cut-offs, `(batch,)`.

    H(s) = Π_k s / (s − W q_k) = 1 + Σ_k W q_k^n r_k / (s − W q_k)
    """
    terms = [
        (
            weight,
            _constant(residue * pole**order, cutoff, ops).times(cutoff),
            _constant(pole, cutoff, ops).times(cutoff),
        )
        for pole, residue, weight in _prototype(order)
    ]
    return _digital(terms, 1.0, ops)


def band_pass(low, high, order, ops):
    """Returns the `Response` for warped edges, `(batch,)`: the low-pass filter of (s² + low · high) / (s (high − low)).

    Each of its poles becomes two: the roots of s² − (high − low) q_k s + low · high.
    """
    width, middle = high - low, low * high
    terms = []
    for pole, residue, weight in _prototype(order):
        half = _constant(pole / 2, width, ops).times(width)
        root = (half * half).plus(-middle).root(ops)
        # Two equal poles have no partial fractions; far less than a thousandth of an octave keeps them apart.
        least = 1e-3 * ops.sqrt(middle)
        root = root.plus(ops.where(root.square() < least * least, least, ops.zeros_like(least)))
        first, second = half + root, half - root
        scaled = _constant(residue / 2, width, ops).times(width) / root
        terms += [(weight, scaled * first, first), (weight, (scaled * second).times(-1.0), second)]
    return _digital(terms, 0.0, ops)


def _prototype(order):
    """Yields pole, residue and weight of 1 / Π(s − q_k): of two poles that mirror each other one, with weight 2."""
    poles = np.exp(1j * np.pi * (2 * np.arange(1, order + 1) + order - 1) / (2 * order))
    for k, pole in enumerate(poles):
        residue = 1 / np.prod(pole - np.delete(poles, k))
        if 2 * k + 1 == order:
            yield complex(pole.real, 0), complex(residue.real, 0), 1.0
        elif pole.imag > 0:
            yield complex(pole), complex(residue), 2.0


def _digital(terms, direct, ops):
    weights, decays, angles = [], [], []
    for weight, residue, pole in terms:
        below = pole.times(-1.0).plus(1.0)
        gain = (residue / below).times(weight)
        direct = direct + gain.re
        weights.append(gain * (pole.plus(1.0) / below).plus(1.0))
        # Of p = (1 + a) / (1 − a), without rounding 1 − |p|, which is small where cut-offs are low.
        decays.append(ops.log1p(ops.maximum(4 * pole.re / below.square(), 1e-7 - 1)) / 2)
        angles.append(ops.arctan2(2 * pole.im, 1 - pole.square()))
    return Response(direct, stacked(weights, ops), ops.stack(decays, axis=-1), ops.stack(angles, axis=-1))


def _constant(number, like, ops):
    return Complex(number.real + ops.zeros_like(like), number.imag + ops.zeros_like(like))
