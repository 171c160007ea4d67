"""Blurred images."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image._factors import Factor, Whole, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation
from keras_regkit.augmentation.image._native import native


def blurred(images, sigma, kernel_size, ops):
    """Returns the images, each weighted with a Gaussian of its own. At the border, what lies within counts alone.

    Args:
        images: Float tensor `(batch, height, width, channels)`.
        sigma: Vector, standard deviations in pixels; 0 leaves an image as it is.
        kernel_size: Odd integer, how many pixels count; or a pair for height and width.
        ops: The functions to compute with.
    """
    tall, wide = (kernel_size, kernel_size) if isinstance(kernel_size, int) else kernel_size
    batch, height, width, channels = ops.shape(images)
    # Long rows are summed up with many values at once.
    rows = ops.reshape(images, (batch, height, width * channels))
    rows = _summed(rows, 1, *_weights(sigma, tall // 2, height, ops), 1, ops)
    weights, inverse = _weights(sigma, wide // 2, width, ops)
    inverse = ops.reshape(inverse[..., None] * ops.ones((1, 1, channels), dtype="float32"), (batch, width * channels))
    rows = _summed(rows, 2, weights, inverse, channels, ops)
    return ops.reshape(rows, (batch, height, width, channels))


def _weights(sigma, reach, length, ops):
    """Returns the weights of the neighbours, `(batch, 2 · reach + 1)`, and what the sums are to be multiplied with.

    The latter, `(batch, length)`, makes up for neighbours that lie outside.
    """
    distance = ops.cast(ops.arange(2 * reach + 1, dtype="int32"), "float32")[None] - reach
    weights = ops.exp(-0.5 * ops.square(distance / ops.maximum(sigma, 1e-3)[:, None]))
    within = ops.pad(ops.ones((1, length), dtype="float32"), [[0, 0], [reach, reach]])
    total = sum(weights[:, k : k + 1] * within[:, k : k + length] for k in range(2 * reach + 1))
    return native(ops).barrier([weights, 1 / total])


def _summed(rows, axis, weights, inverse, step, ops):
    """Returns the weighted sums of neighbours along an axis of `(batch, height, values)`, neighbours a step apart."""
    count, length = weights.shape[1], ops.shape(rows)[axis]
    reach = count // 2 * step
    padded = ops.pad(rows, [[reach, reach] if k == axis else [0, 0] for k in range(3)])
    parts = [(slice(None),) * axis + (slice(k * step, k * step + length),) for k in range(count)]
    total = sum(weights[:, k, None, None] * padded[part] for k, part in enumerate(parts))
    return total * (inverse[:, :, None] if axis == 1 else inverse[:, None, :])


@keras.saving.register_keras_serializable("keras_regkit")
class RandomGaussianBlur(PixelAugmentation):
    """Blurs each image with a width of its own.

        c(x) ↦ Σ_d w(d) c(x + d) / Σ_d w(d),   w(d) = exp(−d² / 2σ²),   σ uniform in the range of `sigma`

    along y, then along x. Use it where the focus of new images will differ. Unlike in
    `keras.layers.RandomGaussianBlur`, σ is each image's own and the same along both axes, it may exceed 1, pixels at
    the border do not mix with zeros, and the share of blurred images is `probability`, not a `factor` that is drawn
    anew for each image.

    Args:
        kernel_size: How many pixels count along each axis, an odd whole number, or a pair for height and width. At
            least 6 σ leaves the Gaussian as it is. Defaults to 3.
        sigma: Standard deviation in pixels: a number s in [0, 100] for the range from 0 to s, or a pair. 0 changes
            nothing. Defaults to 1.
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

    >>> layer = RandomGaussianBlur(kernel_size=5, sigma=(1, 1))
    >>> np.array(layer(np.array([[[0], [0], [100], [0], [0]]], "uint8")))[0, :, 0].tolist()
    [8, 26, 40, 26, 8]
    """

    RANGES = {  # noqa: RUF012
        "kernel_size": Whole(1, odd=True),
        "sigma": Factor(0, 100, one_sided=True),
        **PROBABILITY,
        **FORMAT,
    }
    own_draws = 1

    def __init__(self, kernel_size: int | Sequence[int] = 3, sigma: RangeLike = 1.0, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, kernel_size=kernel_size, sigma=sigma)
        self.kernel_size = kernel_size
        self.sigma = sigma

    def transform(self, images, numbers, value_range, ops):
        sigma = between(self.RANGES["sigma"].check("sigma", self.sigma), numbers[:, 0])
        return blurred(images, sigma, self.RANGES["kernel_size"].check("kernel_size", self.kernel_size), ops)

    def get_config(self):
        return {**super().get_config(), "kernel_size": self.kernel_size, "sigma": self.sigma}
