"""Rectangles of images erased."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._erase import Fill, erased, filling
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation


def random_boxes(numbers, height, width, scale, ratio, ops):
    """Returns a box for each image, of random area, aspect and place; the whole of it lies within the image.

    Args:
        numbers: Uniform numbers `(batch, 4)`.
        height, width: Size of the images.
        scale: Pair, range of the area as a share of the image.
        ratio: Pair, range of height over width. Where a box of the area would not fit in, the range is cut to what
            does.
        ops: The functions to compute with.

    Returns:
        Tensor `(batch, 4)` of whole numbers: top, left, bottom and right; the last two lie outside of the box.
    """
    height, width = ops.cast(height, "float32"), ops.cast(width, "float32")
    area = between(scale, numbers[:, 0]) * height * width
    # Flatter than this, it would be wider than the image; steeper than that, higher.
    flattest, steepest = area / (width * width), height * height / ops.maximum(area, 1e-6)
    low, high = (ops.minimum(ops.maximum(flattest, r), steepest) for r in ratio)
    aspect = low + (high - low) * numbers[:, 1]
    box_height = ops.minimum(ops.round(ops.sqrt(area * aspect)), height)
    box_width = ops.minimum(ops.round(ops.sqrt(area / aspect)), width)
    top = ops.floor(numbers[:, 2] * (height - box_height + 1))
    left = ops.floor(numbers[:, 3] * (width - box_width + 1))
    return ops.stack([top, left, top + box_height, left + box_width], axis=-1)


@keras.saving.register_keras_serializable("keras_regkit")
class RandomErasing(PixelAugmentation):
    """Erases a rectangle of each image, of random area, aspect and place.

        area = s · H · W,   height / width = r,   s uniform in `scale`, r uniform in `ratio`

    Use it against a model that looks at one part of things alone; it makes up for what stands in front of them. The
    box lies wholly within the image. Where a box of this area would not fit in, the range of aspects is cut to those
    that do, so that the areas stay uniform; the paper draws both again, which makes large ones rarer. Labels, masks and
    bounding boxes stay.

    `probability` is the share of images that are changed; `keras.layers.RandomErasing` draws that share anew for each
    image, between 0 and its `factor`. There, `scale` is the range for the squares of both sides' shares, and noise is
    normal and clipped.

    Args:
        scale: Range of the erased area, as a share of the image: a pair of numbers in [0, 1], or one number f for the
            range from 0 to f. Defaults to (0.02, 0.4), as in the paper.
        ratio: Range of height over width, a pair of numbers in [0.01, 100]. Defaults to (0.3, 1 / 0.3), as in the
            paper.
        fill_value: What erased pixels become: a number, a list with one number for each channel, `"mean"` for the mean
            colour of the image, or None for noise, uniform in the value range, as in the paper. Defaults to None.
        probability: Share of the images that are changed, in [0, 1]. Defaults to 0.5, as in the paper.
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
        Zhong et al. 2020, "Random Erasing Data Augmentation", algorithm 1 and section 4.

    Example:

    >>> layer = RandomErasing(scale=(0.25, 0.25), ratio=(1, 1), fill_value=0, probability=1)
    >>> int(keras.ops.sum(layer(np.ones((1, 8, 8, 1)))))
    48
    """

    RANGES = {  # noqa: RUF012
        "scale": Factor(0, 1, one_sided=True),
        "ratio": Factor(0.01, 100),
        "fill_value": Fill(),
        **PROBABILITY,
        **FORMAT,
    }

    def __init__(
        self,
        scale: RangeLike = (0.02, 0.4),
        ratio: Sequence[float] = (0.3, 1 / 0.3),
        fill_value: float | Sequence[float] | str | None = None,
        probability: float = 0.5,
        **kwargs: Any,
    ):
        super().__init__(probability=probability, **kwargs)
        check_arguments(self.RANGES, scale=scale, ratio=ratio, fill_value=fill_value)
        self.scale = scale
        self.ratio = ratio
        self.fill_value = fill_value

    @property
    def own_draws(self):
        return 4 + Fill.draws(self.fill_value)

    def transform(self, images, numbers, value_range, ops):
        _, height, width, _ = ops.shape(images)
        scale, ratio = (self.RANGES[name].check(name, getattr(self, name)) for name in ("scale", "ratio"))
        boxes = random_boxes(numbers, height, width, scale, ratio, ops)
        return erased(images, boxes, filling(self.fill_value, images, numbers[:, 4:], value_range, ops), ops)

    def get_config(self):
        return {**super().get_config(), "scale": self.scale, "ratio": self.ratio, "fill_value": self.fill_value}
