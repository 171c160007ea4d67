"""How the cards of image layers put them into a model."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.image_inputs import behind_images

SHARE = Interval(0, 1)


def plain(make):
    """A rewrite for a layer that needs nothing but its strength."""
    return behind_images(lambda strength, height, width: make(strength))


def ranged(make, colours=False):
    """A rewrite for a layer that must know the range of the pixels."""

    def made(strength, height, width, value_range):
        return make(strength, value_range=value_range)

    return behind_images(made, ranged=True, colours=colours)


def colours(make):
    """A rewrite for a layer that must know the range of the pixels, and of which each has three numbers."""
    return ranged(make, colours=True)


def around_half(strength):
    """The range of a factor that changes nothing at one half."""
    return (0.5 - strength / 2, 0.5 + strength / 2)
