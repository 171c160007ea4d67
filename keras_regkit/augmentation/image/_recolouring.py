"""Linear maps of colours, composed before any pixel is touched."""

import dataclasses

from keras_regkit.augmentation.image import _matrices as m

# What the eye makes of red, green and blue (ITU-R BT.601), as Pillow, torchvision and Keras weigh them.
GREY = (0.299, 0.587, 0.114)
ZERO = ((0, 0, 0),) * 3


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
        return Recolouring(
            m.where(ops, chosen, self.linear, m.IDENTITY),
            m.where(ops, chosen, self.mean, ZERO),
            m.where(ops, chosen, (self.offset,), ((0, 0, 0),))[0],
        )

    def needs_mean(self):
        """Whether the mean colour matters."""
        return any(not m.is_number(entry, 0) for row in self.mean for entry in row)
