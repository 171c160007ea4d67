"""Complex numbers as pairs of real tensors: the backends' own differ, and some have none in their compilers."""

from typing import Any, NamedTuple


class Complex(NamedTuple):
    """Complex numbers.

    Args:
        re, im: Tensors of one shape.
    """

    re: Any
    im: Any

    def __add__(self, other):
        return Complex(self.re + other.re, self.im + other.im)

    def __sub__(self, other):
        return Complex(self.re - other.re, self.im - other.im)

    def __mul__(self, other):
        return Complex(self.re * other.re - self.im * other.im, self.re * other.im + self.im * other.re)

    def __truediv__(self, other):
        product, size = self * other.conjugate(), other.square()
        return Complex(product.re / size, product.im / size)

    def times(self, factor):
        """Returns the product with real numbers."""
        return Complex(self.re * factor, self.im * factor)

    def plus(self, term):
        """Returns the sum with real numbers."""
        return Complex(self.re + term, self.im)

    def conjugate(self):
        return Complex(self.re, -self.im)

    def square(self):
        """Returns the squares of the absolute values."""
        return self.re * self.re + self.im * self.im

    def root(self, ops):
        """Returns the square roots with a real part of at least 0."""
        size = ops.sqrt(self.square())
        # The larger part first, and the other by division: no difference of nearly equal numbers.
        larger = ops.sqrt((size + ops.abs(self.re)) / 2)
        smaller = ops.abs(self.im) / (2 * ops.maximum(larger, 1e-30))
        sign = ops.where(self.im < 0, -ops.ones_like(size), ops.ones_like(size))
        ahead = self.re >= 0
        return Complex(ops.where(ahead, larger, smaller), sign * ops.where(ahead, smaller, larger))


def stacked(values, ops, axis=-1):
    """Returns one `Complex` of several, along a new axis."""
    return Complex(ops.stack([v.re for v in values], axis=axis), ops.stack([v.im for v in values], axis=axis))
