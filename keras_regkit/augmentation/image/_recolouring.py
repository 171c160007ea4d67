"""Linear maps of colours, composed before any pixel is touched."""

import dataclasses
import math

from keras_regkit.augmentation.image import _matrices as m

# What the eye makes of red, green and blue (ITU-R BT.601), as Pillow, torchvision and Keras weigh them.
GREY = (0.299, 0.587, 0.114)
ZERO = ((0, 0, 0),) * 3
# The colour of a pixel apart from its grey, in two axes at a right angle: I and Q of the American television.
_TO_YIQ = (
    GREY,
    (0.59590059, -0.27455667, -0.32134392),
    (0.21153661, -0.52273617, 0.31119955),
)


@dataclasses.dataclass(frozen=True)
class Recolouring:
    """A map of colours c, which may know the mean colour c̄ of its image:

        c ↦ linear · c + mean · c̄ + offset

    Colours are in units of the value range: 0 to 1. Entries are numbers, or vectors with one number per image.

    Args:
        linear, mean: 3 × 3 matrices.
        offset: Vector of 3.
    """

    linear: tuple = m.IDENTITY
    mean: tuple = ZERO
    offset: tuple = (0, 0, 0)

    def after(self, first):
        """Returns the map that does `first`, then this one. Its mean colour is that of the image that came at first."""
        # The mean goes through `first` as every colour does, when nothing is clipped in between.
        mean_after_first = m.add(first.linear, first.mean)
        return Recolouring(
            m.multiply(self.linear, first.linear),
            m.add(m.multiply(self.linear, first.mean), m.multiply(self.mean, mean_after_first)),
            tuple(
                m.plus(m.plus(a, b), c)
                for a, b, c in zip(
                    m.apply(self.linear, first.offset), m.apply(self.mean, first.offset), self.offset, strict=True
                )
            ),
        )

    def where(self, ops, chosen):
        """Returns this map for chosen images, and none for the others."""

        def here(matrix, elsewhere):
            # Numbers that are whole would make tensors of integers.
            return m.where(ops, chosen, _with_floats(matrix), _with_floats(elsewhere))

        return Recolouring(here(self.linear, m.IDENTITY), here(self.mean, ZERO), here((self.offset,), ((0, 0, 0),))[0])

    def needs_mean(self):
        """Whether the mean colour matters."""
        return any(not m.is_number(entry, 0) for row in self.mean for entry in row)

    def is_diagonal(self):
        """Whether each channel is known to become something of itself, and of the mean colour."""
        return all(i == j or m.is_number(self.linear[i][j], 0) for i in range(3) for j in range(3))


def brightness_added(amount):
    """Returns the map c ↦ c + amount."""
    return Recolouring(offset=(amount,) * 3)


def brightness_scaled(factor):
    """Returns the map c ↦ factor · c: 0 is black, 1 leaves all as it is. Pillow's `ImageEnhance.Brightness`."""
    return Recolouring(m.scale(factor, m.IDENTITY))


def contrast_per_channel(factor):
    """Returns the map c ↦ c̄ + factor · (c − c̄), with the mean c̄ of each channel."""
    return Recolouring(m.scale(factor, m.IDENTITY), m.scale(1 - factor, m.IDENTITY))


def contrast_of_grey(factor):
    """Returns the map c ↦ ḡ + factor · (c − ḡ), with the mean grey ḡ. Pillow's `ImageEnhance.Contrast`."""
    return Recolouring(m.scale(factor, m.IDENTITY), m.scale(1 - factor, (GREY,) * 3))


def saturation_scaled(factor):
    """Returns the map c ↦ g + factor · (c − g), with the grey g of each pixel. Pillow's `ImageEnhance.Color`."""
    return Recolouring(m.add(m.scale(factor, m.IDENTITY), m.scale(1 - factor, (GREY,) * 3)))


def hue_turned(angle, ops):
    """Returns the map that turns the colour of each pixel by `angle`, and keeps its grey.

    In YIQ, Y is the grey, I and Q are the colour:

        (Y, I, Q) ↦ (Y, I cos a − Q sin a, I sin a + Q cos a)

    Args:
        angle: Radians; positive angles turn red towards yellow.
        ops: The functions to compute with.
    """
    # Written as G + cos a · C + sin a · S, so that what is known beforehand is multiplied beforehand.
    grey, cosine, sine = _HUE
    c, s = ops.cos(angle), ops.sin(angle)
    return Recolouring(m.add(grey, m.add(m.scale(c, cosine), m.scale(s, sine))))


def negative():
    """Returns the map c ↦ 1 − c."""
    return Recolouring(m.scale(-1, m.IDENTITY), offset=(1, 1, 1))


def channels_mixed(amount, rows):
    """Returns the map c ↦ (1 − amount) · c + amount · rows · c."""
    return Recolouring(m.add(m.scale(1 - amount, m.IDENTITY), m.scale(amount, rows)))


def _with_floats(matrix):
    """Returns the matrix with floats for whole numbers."""
    return tuple(tuple(float(entry) if isinstance(entry, int) else entry for entry in row) for row in matrix)


def _hue_parts():
    """Returns G, C and S, see `hue_turned`."""
    adjugate = m.adjugate(_TO_YIQ)
    determinant = math.fsum(a * b for a, b in zip(_TO_YIQ[0], (row[0] for row in adjugate), strict=True))
    to_rgb = m.scale(1 / determinant, adjugate)

    def within_yiq(matrix):
        return m.multiply(to_rgb, m.multiply(matrix, _TO_YIQ))

    # Towards yellow is where Q falls.
    return (
        within_yiq(((1, 0, 0), (0, 0, 0), (0, 0, 0))),
        within_yiq(((0, 0, 0), (0, 1, 0), (0, 0, 1))),
        within_yiq(((0, 0, 0), (0, 0, 1), (0, -1, 0))),
    )


_HUE = _hue_parts()
