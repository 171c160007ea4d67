"""Cutting windows of any size out of images, and making them the same size."""

import dataclasses
import numbers
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.augmentation.image._factors import between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, GeometricAugmentation


@dataclasses.dataclass(frozen=True)
class Range:
    """A pair of rising numbers above 0, at most `high`."""

    high: float = float("inf")

    def check(self, name, value):
        """Returns the range as a pair; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        pair = tuple(value) if isinstance(value, tuple | list) else ()
        if len(pair) != 2 or not all(isinstance(v, numbers.Real) and not isinstance(v, bool) for v in pair):
            raise TypeError(f"`{name}` must be a pair of numbers. Received: {value!r}")
        if not 0 < pair[0] <= pair[1] <= self.high or pair[1] == float("inf"):
            end = "" if self.high == float("inf") else f" and at most {self.high:g}"
            raise ValueError(f"`{name}` must be a pair of rising numbers above 0{end}. Received: {value!r}")
        return pair

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "much", None, 0.5, (0.1,), (0.1, "much"))]
        return [*bad, ((0.0, 0.5), ValueError), ((0.5, 0.1), ValueError), ((float("nan"), 0.5), ValueError)]


@keras.saving.register_keras_serializable("keras_regkit")
class RandomResizedCrop(GeometricAugmentation):
    """Cuts a window of any size and proportions out of each image and makes it the size that is asked for.

        area of the window = share · area of the image,   share ~ U(scale),   log(width / height) ~ U(log ratio)

    It is what image classifiers on ImageNet are trained with: things are seen whole and in part, near and far. Outside
    of training, and where `probability` leaves an image out, the whole image is made the size that is asked for.

    Where a window of the drawn area does not fit into the image with all of the proportions, they are drawn from those
    that fit, or are the nearest that do; torchvision draws up to ten times anew, and then takes the middle. Windows
    begin between pixels. There is one interpolation of four neighbours; where an image becomes much smaller, fine
    patterns alias, so store images at no more than about twice the size that is asked for.

    Args:
        height: Height of the output in pixels, at least 1.
        width: Width of the output in pixels, at least 1.
        scale: Pair of rising numbers: share of the area that is seen, above 0 and at most 1. Defaults to (0.08, 1).
        ratio: Pair of rising numbers above 0: width of the window by its height. Defaults to (3/4, 4/3).
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are cut at random, in [0, 1]. Defaults to 1.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`.
        bounding_box_format: How bounding boxes are written, if there are any: `"xyxy"` or another format of Keras.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the images have the wrong rank.

    Reference:
        Szegedy et al. (2015). Going Deeper with Convolutions, section 6.

    Example:

    >>> layer = RandomResizedCrop(2, 2, seed=1)
    >>> images = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> layer(images).shape
    TensorShape([1, 2, 2, 1])
    >>> layer(images, training=False)[0, :, :, 0].numpy()
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "height": Interval(1, integer=True),
        "width": Interval(1, integer=True),
        "scale": Range(1),
        "ratio": Range(),
        "interpolation": OneOf("bilinear", "nearest"),
        **PROBABILITY,
        **FORMAT,
    }
    own_draws = 4

    def __init__(
        self,
        height: int,
        width: int,
        scale: Sequence[float] = (0.08, 1.0),
        ratio: Sequence[float] = (3 / 4, 4 / 3),
        interpolation: str = "bilinear",
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, height=height, width=width, scale=scale, ratio=ratio, interpolation=interpolation)
        self.height = height
        self.width = width
        self.scale = scale
        self.ratio = ratio
        self.interpolation = interpolation

    def output_size(self, height, width):
        return self.height, self.width

    def matrix(self, numbers, frame):
        ops, (width, height) = frame.ops, frame.extent
        # Relative to the image, all of this is small numbers: w · h = share and w / h = ratio · height / width.
        share = between(self.scale, numbers[0])
        ends = (ops.maximum(share, ops.minimum(1 / share, end * height / width)) for end in self.ratio)
        low, high = (ops.log(end) for end in ends)
        ratio = ops.exp(between((low, high), numbers[1]))
        w, h = ops.minimum(ops.sqrt(share * ratio), 1.0), ops.minimum(ops.sqrt(share / ratio), 1.0)
        return self._window(frame, w, h, (1 - w) * numbers[2], (1 - h) * numbers[3])

    def resting_matrix(self, frame):
        return self._window(frame, 1, 1, 0, 0)

    def _window(self, frame, w, h, x, y):
        """Returns the matrix of a window, given as shares of the image."""
        width, height = frame.extent
        across, down = w * width / self.width, h * height / self.height
        # Pixels lie from −1/2 on.
        return (across, 0, x * width + (across - 1) / 2), (0, down, y * height + (down - 1) / 2), (0, 0, 1)

    def get_config(self):
        return {
            **super().get_config(),
            "height": self.height,
            "width": self.width,
            "scale": self.scale,
            "ratio": self.ratio,
            "interpolation": self.interpolation,
        }
