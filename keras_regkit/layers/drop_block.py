"""Dropping contiguous blocks of a feature map."""

import dataclasses
import math
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._noise import Noise


def seed_rate(rate, sizes, blocks):
    """Returns the rate at which blocks are seeded, such that a share `rate` of the units is dropped.

    With feature maps of size f and blocks of size b along each axis (Ghiasi et al. 2018, eq. 1):

        γ = rate · Π f / (b · (f − b + 1))

    Overlaps of blocks are not counted, so that less is dropped, the more so the higher the rate.

    Args:
        rate: Number or scalar tensor, in [0, 1).
        sizes: Size of the feature map along each axis, numbers or scalar tensors.
        blocks: Size of the block along each axis.
    """
    for size, block in zip(sizes, blocks, strict=True):
        size = ops.cast(size, "float32")
        rate = rate * size / (block * (size - block + 1))
    return rate


def block_mask(samples, sizes, channels, blocks, rate, seed):
    """Returns a mask with blocks of zeros that lie within the feature map; the rest is scaled to keep the mean at 1.

    Args:
        samples, channels: Size of the first and the last axis.
        sizes: Size of the feature map along each axis between them.
        blocks: Size of the block along each of these.
        rate: Share of the units to drop, a number or a scalar tensor.
        seed: A `keras.random.SeedGenerator`.

    Returns:
        Float32 tensor, `(samples, *sizes, channels)`.
    """
    # A block is known by its first corner. The corners are drawn where the whole block fits, nowhere else.
    corners = tuple(size - block + 1 for size, block in zip(sizes, blocks, strict=True))
    noise = keras.random.uniform((samples, *corners, channels), seed=seed, dtype="float32")
    seeded = ops.cast(noise < seed_rate(rate, sizes, blocks), "float32")
    if math.prod(blocks) > 1:
        around = [(0, 0), *[(block - 1, block - 1) for block in blocks], (0, 0)]
        seeded = ops.max_pool(ops.pad(seeded, around), blocks, strides=1, padding="valid", data_format="channels_last")
    kept = 1 - seeded
    # Where nothing is left, there is nothing to scale.
    return kept / ops.maximum(ops.mean(kept), 1e-12)


@dataclasses.dataclass(frozen=True)
class BlockSize:
    """A positive integer, or a tuple or list of 1 to 3 of them."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        several = value if isinstance(value, list | tuple) else [value]
        if not all(isinstance(size, int) and not isinstance(size, bool) for size in several):
            raise TypeError(
                f"`{name}` must be an integer, or a tuple with an integer for each axis of the feature map. "
                f"Received: {value!r} of type {type(value).__name__}"
            )
        if not 1 <= len(several) <= 3 or min(several) < 1:
            raise ValueError(f"`{name}` must be 1 or more, for 1 to 3 axes. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [
            *[(value, TypeError) for value in (True, 2.5, "seven", None, (3, 2.5))],
            *[(value, ValueError) for value in (0, -1, (3, 0), (), (1, 1, 1, 1))],
        ]


@keras.saving.register_keras_serializable("keras_regkit")
class DropBlock(Noise):
    """Sets contiguous blocks of a feature map to zero at random in training.

        y = x · M · count(M) / count_ones(M),   M = 1 outside of the blocks, 0 within,
        blocks seeded at γ = rate · Π f / (b · (f − b + 1)),   f: size of the map, b: of the block, along each axis

    Use it after convolutions, where neighbours carry the same information and dropping single units drops little.
    Blocks lie within the map. What remains is scaled by the share that was really kept, counted over the whole batch,
    so the mean of the mask is exactly 1 in each step. The paper raises the rate linearly during training, which a
    schedule does.

    Args:
        rate: Share of the units to drop, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). Overlapping blocks make the true
            share smaller, the more the higher the rate: on maps of 14 × 14 with blocks of 7, rates of 0.1, 0.3 and 0.5
            drop shares of 0.096, 0.253 and 0.360.
        block_size: Size of a block along each axis of the feature map: an integer or a tuple. The paper has 7 for maps
            of 14 × 14 to 28 × 28. Defaults to 7.
        per_channel: Whether each channel has blocks of its own, as in algorithm 1 of the paper, which found it to work
            a little better. Defaults to False: all channels of a sample share them, and drawing them costs next to
            nothing.
        data_format: `"channels_last"` or `"channels_first"`. Defaults to None: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Feature maps, `(batch, *map, channels)` or `(batch, channels, *map)` with a map of 1, 2 or 3 axes.
        training: Whether to drop anything. Otherwise the inputs pass through.

    Raises:
        TypeError, ValueError: an argument is out of its range; when built, the inputs are no feature maps, or smaller
            than the block.

    Reference:
        Ghiasi, Lin & Le 2018, "DropBlock: A regularization method for convolutional networks", algorithm 1 and eq. 1.

    Example:

    >>> layer = DropBlock(0.2, block_size=2, data_format="channels_last", seed=3)
    >>> y = np.array(layer(np.ones((4, 6, 6, 3)), training=True))
    >>> 0.0 in y, round(float(y.mean()), 4)
    (True, 1.0)
    """

    RANGES = {  # noqa: RUF012
        "rate": Interval(0, 1, closed="left"),
        "block_size": BlockSize(),
        "per_channel": OneOf(True, False),
        "data_format": OneOf("channels_last", "channels_first", None),
    }

    def __init__(
        self,
        rate: StrengthLike,
        block_size: int | Sequence[int] = 7,
        per_channel: bool = False,
        data_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed, **kwargs)
        given = {"block_size": block_size, "per_channel": per_channel, "data_format": data_format}
        check_arguments(self.RANGES, **given)
        self.block_size = block_size
        self.per_channel = per_channel
        self.data_format = data_format
        self._channels_first = (data_format or keras.config.image_data_format()) == "channels_first"

    def build(self, input_shape):
        if not 3 <= len(input_shape) <= 5:
            raise ValueError(
                "DropBlock needs feature maps with 1 to 3 axes between batch and channels: inputs of rank 3, 4 or 5. "
                f"Received: inputs of shape {tuple(input_shape)}. For rank 2, use Dropout"
            )
        self._blocks(self._map(input_shape))
        self.built = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        shape = ops.shape(inputs)
        sizes = self._map(shape)
        channels = shape[1 if self._channels_first else -1] if self.per_channel else 1
        rate = self._rate.advance()
        mask = block_mask(shape[0], sizes, channels, self._blocks(sizes), rate, self.seed_generator)
        if self._channels_first:
            mask = ops.moveaxis(mask, -1, 1)
        return inputs * ops.cast(mask, inputs.dtype)

    def get_config(self):
        return {
            **super().get_config(),
            "block_size": self.block_size,
            "per_channel": self.per_channel,
            "data_format": self.data_format,
        }

    def _map(self, shape):
        return tuple(shape[2:] if self._channels_first else shape[1:-1])

    def _blocks(self, sizes):
        """Returns the size of the block along each axis of a feature map, which must not be smaller."""
        given = self.block_size
        blocks = tuple(given) if isinstance(given, list | tuple) else (given,) * len(sizes)
        fits = len(blocks) == len(sizes) and not any(
            isinstance(size, int) and block > size for size, block in zip(sizes, blocks, strict=True)
        )
        if not fits:
            raise ValueError(
                f"`block_size` must fit into the feature map, of size {sizes}, along each axis. Received: "
                f"block_size={given!r}. Take smaller blocks, or put DropBlock where the map is larger"
            )
        return blocks
