"""Cutting windows out of images."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, GeometricAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomCrop(GeometricAugmentation):
    """Cuts a window of a given size out of each image, at a place of its own.

        x ↦ x + floor(u · (width of the image − width + 1)),   likewise for y

    It says where an output pixel comes from. Outside of training, and where `probability` leaves an image out, the
    window is in the middle. Images that are too small for the window are enlarged, just as far as they must, with
    bilinear interpolation: the window is then as large as it can be with the proportions that are asked for.

    It deviates from `keras.layers.RandomCrop` in this: each image has a place of its own, and images are not made
    smaller outside of training. Otherwise a model would see things at another size than in training.

    Args:
        height: Height of the window in pixels, at least 1.
        width: Width of the window in pixels, at least 1.
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

    Example:

    >>> layer = RandomCrop(1, 2, seed=1)
    >>> images = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> sorted({tuple(layer(images)[0, 0, :, 0].numpy().tolist()) for _ in range(30)})
    [(0.0, 1.0), (1.0, 2.0), (2.0, 3.0)]
    >>> layer(images, training=False)[0, 0, :, 0].numpy()
    array([1., 2.], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "height": Interval(1, integer=True),
        "width": Interval(1, integer=True),
        **PROBABILITY,
        **FORMAT,
    }
    own_draws = 2

    def __init__(self, height: int, width: int, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, height=height, width=width)
        self.height = height
        self.width = width

    def output_size(self, height, width):
        return self.height, self.width

    def stage(self, numbers, chosen, frame, clip_each):
        stage = super().stage(numbers, chosen, frame, clip_each)
        scale = _scale(self, frame)
        # Else every output pixel is one of the input, and nothing needs to be interpolated.
        return stage if isinstance(scale, int) else stage.between_pixels()

    def matrix(self, numbers, frame):
        return self._window(frame, lambda room, k: frame.ops.floor(numbers[k] * (frame.ops.floor(room) + 1)))

    def resting_matrix(self, frame):
        return self._window(frame, lambda room, _: frame.ops.floor(room / 2))

    def _window(self, frame, place):
        """Returns the matrix of a window; `place(room, k)` says how far from the left or top it is."""
        ops, scale = frame.ops, _scale(self, frame)
        x, y = (
            place(ops.cast(length - scale * size, "float32"), k) for k, (length, size) in enumerate(_sizes(self, frame))
        )
        # Pixels lie from −1/2 on.
        return (scale, 0, x + (scale - 1) / 2), (0, scale, y + (scale - 1) / 2), (0, 0, 1)

    def get_config(self):
        return {**super().get_config(), "height": self.height, "width": self.width}


def _scale(crop, frame):
    """Returns how many pixels of the input one of the output is wide: the integer 1, or less for small images.

    Where it is not known before, it is a tensor.
    """
    if all(isinstance(length, int) for length, _ in _sizes(crop, frame)):
        return min(1, *(1 if length >= size else length / size for length, size in _sizes(crop, frame)))
    x, y = (length / size for length, size in _sizes(crop, frame))
    return frame.ops.minimum(1.0, frame.ops.minimum(x, y))


def _sizes(crop, frame):
    """Returns pairs of what there is and what is asked for, along x and y."""
    return tuple(zip(frame.extent, (crop.width, crop.height), strict=True))
