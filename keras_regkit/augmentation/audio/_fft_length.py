"""Lengths at which Fourier transforms are quick."""

import functools


def fft_length(least, ops):
    """Returns an even length of at least `least`: a product of 2, 3 and 5 where the length is known."""
    if isinstance(least, int):
        return _smooth(least)
    return least + ops.mod(least, 2)


@functools.cache
def _smooth(least):
    length = least + least % 2
    while not _is_smooth(length):
        length += 2
    return length


def _is_smooth(number):
    for factor in (2, 3, 5):
        while number % factor == 0:
            number //= factor
    return number == 1
