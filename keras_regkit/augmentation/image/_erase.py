"""Boxes of images filled with something else."""

import dataclasses
import math
from numbers import Real

from keras_regkit._core.checks import OneOf
from keras_regkit.augmentation.image._measures import mean_colour


@dataclasses.dataclass(frozen=True)
class Fill:
    """What an erased pixel becomes: a number, one per channel, `"mean"`, or None for noise."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if value is None or isinstance(value, str):
            return OneOf(None, "mean").check(name, value)
        values = value if isinstance(value, tuple | list) else (value,)
        if not values or not all(isinstance(v, Real) and not isinstance(v, bool) for v in values):
            raise TypeError(
                f"`{name}` must be a number, a list of numbers for the channels, 'mean', or None for noise. "
                f"Received: {value!r}"
            )
        if not all(math.isfinite(v) for v in values):
            raise ValueError(f"`{name}` must be finite. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, (), (1, "much"), {})]
        return [*bad, ("median", ValueError), (float("nan"), ValueError), ((0, float("inf")), ValueError)]

    @staticmethod
    def draws(value):
        """Returns how many uniform numbers per image it takes to fill with `value`."""
        return 2 if value is None else 0


def filling(value, images, numbers, value_range, ops):
    """Returns what erased pixels become, in a shape that goes with the images.

    Args:
        value: As `Fill` takes it.
        images: Float tensor `(batch, height, width, channels)`.
        numbers: Uniform numbers `(batch, 2)`, used for noise alone.
        value_range: Lowest and highest value, between which noise is uniform.
        ops: The functions to compute with.

    Raises:
        ValueError: there is not one number for each channel.
    """
    if value is None:
        low, high = value_range
        return low + (high - low) * noise(numbers, ops.shape(images)[1:], ops)
    if value == "mean":
        return mean_colour(images, ops)[:, None, None, :]
    values = value if isinstance(value, tuple | list) else (value,)
    if len(values) not in (1, images.shape[-1]):
        raise ValueError(
            f"`fill_value` must have one number for each of the {images.shape[-1]} channels. Received: {value!r}"
        )
    return ops.reshape(ops.convert_to_tensor([float(v) for v in values], dtype="float32"), (1, 1, 1, -1))


def noise(numbers, shape, ops):
    """Returns uniform numbers in [0, 1) for each value of each image.

    A step that XLA compiles must not draw; so they are made of the two numbers of an image and of the place of a value,
    by shuffling bits until no trace of the order is left.

    Args:
        numbers: Uniform numbers `(batch, 2)`.
        shape: Height, width and channels.
        ops: The functions to compute with.
    """
    keys = ops.cast(numbers * 2.0**23, "int32")
    first = _shuffled(keys[:, 0] * -1640531535 + _shuffled(keys[:, 1], ops), ops)
    second = _shuffled(first + 73244475, ops)
    height, width, channels = shape
    place = ops.reshape(ops.arange(height * width * channels, dtype="int32"), (1, height, width * channels))
    # Each step is one-to-one, so that places of an image have different bits; the upper ones hang on all that came.
    bits = place * -1640531535 + first[:, None, None]
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, 16)) * 569420461 + second[:, None, None]
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, 15)) * 1935289751
    values = ops.cast(ops.right_shift(bits, 8), "float32") * 2.0**-24 + 0.5
    return ops.reshape(values, (-1, height, width, channels))


def _shuffled(bits, ops):
    """Returns integers that have lost all likeness to these; different ones stay different."""
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, 16)) * 569420461
    bits = ops.bitwise_xor(bits, ops.right_shift(bits, 15)) * 1935289751
    return ops.bitwise_xor(bits, ops.right_shift(bits, 15))


def centered_boxes(y, x, height, width, ops):
    """Returns boxes around pixels, which may reach out of the image.

    Args:
        y, x: Vectors, the pixels.
        height, width: Vectors or numbers, the sides. An even side has one pixel more before the middle than after it.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, 4)`: top, left, bottom and right; the last two lie outside of the box.
    """
    height, width = ops.zeros_like(y) + height, ops.zeros_like(x) + width
    top, left = y - ops.floor(height / 2), x - ops.floor(width / 2)
    return ops.stack([top, left, top + height, left + width], axis=-1)


def erased(images, boxes, fill, ops):
    """Returns the images with the pixels in the boxes replaced.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        boxes: Tensor `(batch, 4)` as of `centered_boxes`, one box for each image.
        fill: What they become: a number, or a tensor that goes with the images.
        ops: The functions to compute with.
    """
    _, height, width, channels = ops.shape(images)
    y = ops.cast(ops.arange(height, dtype="int32"), "float32")[None, :, None]
    # Channels lie beside each other in a row of this many numbers: loops over three of them alone would be slow.
    x = ops.cast(ops.floor_divide(ops.arange(width * channels, dtype="int32"), channels), "float32")[None, None, :]
    top, left, bottom, right = (boxes[:, k][:, None, None] for k in range(4))
    rows = ops.logical_and(y >= top, y < bottom)
    columns = ops.logical_and(x >= left, x < right)
    if hasattr(fill, "shape"):
        fill = ops.reshape(
            ops.broadcast_to(fill, (*ops.shape(fill)[:2], width, channels)), (*ops.shape(fill)[:2], width * channels)
        )
    flat = ops.reshape(images, (-1, height, width * channels))
    return ops.reshape(ops.where(ops.logical_and(rows, columns), fill, flat), ops.shape(images))


def pixels(images, ops):
    """Returns the coordinates y, `(1, height, 1, 1)`, and x, `(1, 1, width, 1)`."""
    _, height, width, _ = ops.shape(images)
    y = ops.cast(ops.arange(height, dtype="int32"), "float32")[None, :, None, None]
    return y, ops.cast(ops.arange(width, dtype="int32"), "float32")[None, None, :, None]
