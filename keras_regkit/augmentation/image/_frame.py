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
    def extent(self):
        """Width and height to compute with: integers, or float32 where they are not known before."""
        return tuple(s if isinstance(s, int) else self.ops.cast(s, "float32") for s in (self.width, self.height))

    @property
    def center(self):
        """x and y of the middle, where the middle of the first pixel is at 0."""
        return tuple((size - 1) / 2 for size in self.extent)
