"""A grid of squares cut out of images."""

import math
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._erase import Fill, filling, pixels
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation


def in_grid(images, spacing, ratio, shift, angle, ops):
    """Returns which pixels lie in the squares of a grid, `(batch, height, width, 1)`.

    Args:
        images: Tensor `(batch, height, width, channels)`, of which the size counts.
        spacing: Vector, how far apart the squares are, in pixels.
        ratio: Number in [0, 1], the share of this that lies between two squares.
        shift: Pair of vectors in [0, 1), where the grid begins along y and x, as a share of the spacing.
        angle: Vector, how far the grid is turned, in radians; or None.
        ops: The functions to compute with.
    """
    y, x = pixels(images, ops)
    spacing, *shift = (vector[:, None, None, None] for vector in (spacing, *shift))
    if angle is not None:
        c, s = ops.cos(angle)[:, None, None, None], ops.sin(angle)[:, None, None, None]
        y, x = c * y + s * x, c * x - s * y

    def within(coordinate, begin):
        place = coordinate / spacing + begin
        return place - ops.floor(place) >= ratio

    return ops.logical_and(within(y, shift[0]), within(x, shift[1]))


@keras.saving.register_keras_serializable("keras_regkit")
class GridMask(PixelAugmentation):
    """Cuts a grid of squares out of each image; spacing, place and, if wanted, direction are its own.

        erased where frac(y/d + δ_y) ≥ r and frac(x/d + δ_x) ≥ r,   δ uniform in [0, 1)

    d is the spacing and r the `ratio`; so (1 − r)² of the image is erased. Use it where one box, as of `RandomErasing`,
    hides a thing or misses it: a grid hides some of everything. Labels, masks and bounding boxes stay.

    The paper raises `probability` from 0 to 0.8 over the first part of a long training. Spacings are continuous here,
    and drawn as shares of the image; there they are whole pixels: 96 to 224 of 224 for ImageNet.

    Args:
        ratio: Share of each side of the grid's cells that is kept, in [0, 1]; 1 changes nothing. Defaults to 0.6.
        spacing: Length of the grid's cells, as a share of the shorter side of the image: a pair of numbers in
            [0.01, 2]. Defaults to (0.43, 1), as in the paper.
        rotation_factor: How far the grid is turned, as in `RandomRotation`: a number f for the range from −f to f, or
            a pair of numbers in [−1, 1], where 1 is a full turn. Defaults to 0.
        fill_value: What erased pixels become: a number, a list with one number for each channel, `"mean"` for the mean
            colour of the image, or None for noise, uniform in the value range. The paper fills normalized
            images with 0, the mean of the data. Defaults to 0.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 0.8.
        value_range: Lowest and highest value of a pixel; within a `Compose` that of the `Compose` counts. Defaults to
            (0, 255).
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`, which stay as they are. Any number
            of channels.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank.

    Reference:
        Chen et al. 2020, "GridMask Data Augmentation", section 3.2.

    Example:

    >>> layer = GridMask(ratio=0.5, spacing=(0.5, 0.5), probability=1)
    >>> int(keras.ops.sum(layer(np.ones((1, 8, 8, 1)))))
    48
    """

    RANGES = {  # noqa: RUF012
        "ratio": Interval(0, 1),
        "spacing": Factor(0.01, 2),
        "rotation_factor": Factor(-1, 1),
        "fill_value": Fill(),
        **PROBABILITY,
        **FORMAT,
    }

    def __init__(
        self,
        ratio: float = 0.6,
        spacing: Sequence[float] = (0.43, 1),
        rotation_factor: RangeLike = 0.0,
        fill_value: float | Sequence[float] | str | None = 0.0,
        probability: float = 0.8,
        **kwargs: Any,
    ):
        super().__init__(probability=probability, **kwargs)
        check_arguments(
            self.RANGES, ratio=ratio, spacing=spacing, rotation_factor=rotation_factor, fill_value=fill_value
        )
        self.ratio = ratio
        self.spacing = spacing
        self.rotation_factor = rotation_factor
        self.fill_value = fill_value

    @property
    def own_draws(self):
        return 4 + Fill.draws(self.fill_value)

    def transform(self, images, numbers, value_range, ops):
        _, height, width, _ = ops.shape(images)
        shorter = ops.minimum(ops.cast(height, "float32"), ops.cast(width, "float32"))
        spacing = between(self.RANGES["spacing"].check("spacing", self.spacing), numbers[:, 0]) * shorter
        turn = self.RANGES["rotation_factor"].check("rotation_factor", self.rotation_factor)
        angle = 2 * math.pi * between(turn, numbers[:, 1]) if any(turn) else None
        erase = in_grid(images, spacing, self.ratio, (numbers[:, 2], numbers[:, 3]), angle, ops)
        return ops.where(erase, filling(self.fill_value, images, numbers[:, 4:], value_range, ops), images)

    def get_config(self):
        return {
            **super().get_config(),
            "ratio": self.ratio,
            "spacing": self.spacing,
            "rotation_factor": self.rotation_factor,
            "fill_value": self.fill_value,
        }
