"""Erasing parts of images in the pass that mixes them."""

import dataclasses
from typing import Any

from keras_regkit.augmentation.image.random_erasing import RandomErasing


@dataclasses.dataclass(frozen=True)
class MaybeErasing:
    """What an argument `erasing` takes: a `RandomErasing`, or None."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for anything else."""
        if value is not None and not isinstance(value, RandomErasing):
            made = " Hand over a layer, not its class." if isinstance(value, type) else ""
            raise TypeError(
                f"`{name}` must be a keras_regkit.augmentation.image.RandomErasing or None.{made} Received: {value!r}"
            )
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(value, TypeError) for value in (True, "much", 0.5, RandomErasing)]


@dataclasses.dataclass(frozen=True)
class Erasing:
    """What is erased of mixed images.

    Args:
        layer: A `RandomErasing`, of which the seed does not count.
        channels_first: Whether channels come before height and width.
    """

    layer: Any
    channels_first: bool

    @property
    def draws(self):
        """How many uniform numbers an image needs."""
        return self.layer.draws

    def with_numbers(self, numbers, ops):
        """Returns a function that erases parts of float images, with uniform numbers `(batch, draws)`."""

        def erase(images):
            images = ops.transpose(images, (0, 2, 3, 1)) if self.channels_first else images
            changed = self.layer.transform(images, numbers, self.layer.value_range, ops)
            if self.layer.probability < 1:
                chosen = numbers[:, -1] < self.layer.probability
                changed = ops.where(chosen[:, None, None, None], changed, images)
            return ops.transpose(changed, (0, 3, 1, 2)) if self.channels_first else changed

        return erase
