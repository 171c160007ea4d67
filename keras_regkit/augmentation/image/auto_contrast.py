"""Images stretched to the whole range."""

import keras

from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation
from keras_regkit.augmentation.image._measures import extremes


def auto_contrasted(images, value_range, ops):
    """Returns the images with each channel stretched to the value range. Pillow's `ImageOps.autocontrast`.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        value_range: Lowest and highest value.
        ops: The functions to compute with.
    """
    low, high = value_range
    least, most = (extreme[:, None, None, :] for extreme in extremes(images, ops))
    flat = most <= least
    scale = (high - low) / ops.where(flat, ops.ones_like(most), most - least)
    return ops.where(flat, images, (images - least) * scale + low)


@keras.saving.register_keras_serializable("keras_regkit")
class AutoContrast(PixelAugmentation):
    """Stretches each channel of an image to the whole value range.

        c ↦ low + (high − low) · (c − min c) / (max c − min c)

    Use it where the light of images differs, with a `probability` below 1, so that the model sees both. A channel of a
    single value stays as it is. It acts in training alone, as all augmentations here; `keras.layers.AutoContrast` acts
    always.

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

    >>> layer = AutoContrast()
    >>> np.array(layer(np.array([[[[100], [101], [102]]]], "float32")))[0, 0, :, 0].tolist()
    [0.0, 127.5, 255.0]
    """

    RANGES = {**PROBABILITY, **FORMAT}  # noqa: RUF012

    def transform(self, images, numbers, value_range, ops):
        return auto_contrasted(images, value_range, ops)
