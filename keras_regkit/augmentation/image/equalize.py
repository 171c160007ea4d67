"""Images whose levels are used evenly."""

import keras

from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation
from keras_regkit.augmentation.image._levels import from_levels, to_levels

LEVELS = 256


def equalized(images, value_range, ops):
    """Returns the images with the histogram of each channel flattened. Pillow's `ImageOps.equalize`.

    Args:
        images: Float tensor `(batch, height, width, channels)`; values count as the nearest of 256 levels.
        value_range: Lowest and highest value.
        ops: The functions to compute with.
    """
    batch, _, _, channels = ops.shape(images)
    levels = ops.clip(ops.round(to_levels(images, value_range)), 0.0, LEVELS - 1.0)
    # Each channel of each image has its own 256 bins.
    first = ops.reshape(ops.arange(batch * channels, dtype="int32"), (-1, 1, 1, channels)) * LEVELS
    bins = ops.cast(levels, "int32") + first
    ones = ops.ones_like(ops.reshape(bins, (-1,)))
    histogram = ops.segment_sum(ones, ops.reshape(bins, (-1,)), num_segments=batch * channels * LEVELS)
    table = flattening(ops.reshape(histogram, (-1, LEVELS)), ops)
    return from_levels(ops.cast(ops.take(ops.reshape(table, (-1,)), bins, axis=0), "float32"), value_range)


def flattening(histogram, ops):
    """Returns the level that each level becomes, so that all are used as evenly as can be.

    Args:
        histogram: Integers `(rows, 256)`, how many pixels have each level.
        ops: The functions to compute with.
    """
    level = ops.arange(LEVELS, dtype="int32")[None, :]
    highest = ops.max(ops.where(histogram > 0, level, ops.zeros_like(histogram)), axis=-1, keepdims=True)
    rest = ops.sum(ops.where(level < highest, histogram, ops.zeros_like(histogram)), axis=-1, keepdims=True)
    # How many pixels go to each level, when those of the highest one are left out.
    step = ops.floor_divide(rest, LEVELS - 1)
    before = ops.cumsum(histogram, axis=-1) - histogram
    share = ops.maximum(step, 1)
    flat = ops.minimum(ops.floor_divide(before + ops.floor_divide(step, 2), share), LEVELS - 1)
    # An image of few pixels, or of one level, stays.
    return ops.where(step > 0, flat, level + ops.zeros_like(histogram))


@keras.saving.register_keras_serializable("keras_regkit")
class Equalize(PixelAugmentation):
    """Spreads the levels of each channel so that all are used as evenly as can be.

        level ↦ ⌊(n / 2 + pixels below the level) / n⌋,   n = pixels below the highest level / 255

    Use it where the light of images differs, with a `probability` below 1, so that the model sees both. Values count as
    the nearest of 256 levels of the value range, and become such. A channel of a single level stays, and an image of
    fewer than 255 pixels. It acts in training alone, as all augmentations here. `keras.layers.Equalization`, unlike
    this and Pillow, rounds, leaves out the lowest level instead of the highest, and takes one histogram for the whole
    batch.

    Args:
        probability: Share of the images that are changed, in [0, 1]. Defaults to 1.
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

    Example:

    >>> layer = Equalize()
    >>> images = np.repeat([100, 101, 102, 103], 255).reshape(1, 4, 255, 1).astype("uint8")
    >>> np.array(layer(images))[0, :, 0, 0].tolist()
    [0, 85, 170, 255]
    """

    RANGES = {**PROBABILITY, **FORMAT}  # noqa: RUF012

    def transform(self, images, numbers, value_range, ops):
        return equalized(images, value_range, ops)
