"""What ops know of the images that they come to, before any pixel is touched."""

import dataclasses
from typing import Any


@dataclasses.dataclass(frozen=True)
class Frame:
    """A batch of images, without the pixels.

    Args:
        ops: The functions to compute with: those of `keras.ops`.
        height, width: Size at this point of the pipeline: integers, or scalar tensors where they are not known before.
        channels: Number of channels.
        value_range: Lowest and highest value of a pixel.
        training: Whether anything random happens.
    """

    ops: Any
    height: Any
    width: Any
    channels: int
    value_range: tuple
    training: bool = True

    @property
    def center(self):
        """x and y of the middle, where the middle of the first pixel is at 0."""
        return (self.width - 1) / 2, (self.height - 1) / 2
