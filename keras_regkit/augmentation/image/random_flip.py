"""Mirroring images."""

from typing import Any

import keras

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, GeometricAugmentation

MODES = ("horizontal", "vertical", "horizontal_and_vertical")


@keras.saving.register_keras_serializable("keras_regkit")
class RandomFlip(GeometricAugmentation):
    """Mirrors images at random, along each direction in half of the cases.

        x ↦ width − 1 − x   and   y ↦ height − 1 − y,   each with probability 1/2

    Use it where left and right mean the same: photographs of objects, not writing. In a `Compose`, it costs nothing
    next to other ops that move pixels. The two directions are drawn apart; `keras.layers.RandomFlip` mirrors along both
    or none.

    Args:
        mode: `"horizontal"`, `"vertical"` or `"horizontal_and_vertical"`: the directions. Defaults to both.
        probability: Share of the images that are considered at all, in [0, 1]. Defaults to 1.
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

    >>> layer = RandomFlip("horizontal", seed=1)
    >>> images = np.arange(4.0).reshape(1, 1, 4, 1)
    >>> sorted({tuple(np.array(layer(images))[0, 0, :, 0].tolist()) for _ in range(20)})
    [(0.0, 1.0, 2.0, 3.0), (3.0, 2.0, 1.0, 0.0)]
    """

    RANGES = {"mode": OneOf(*MODES), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 2

    def __init__(self, mode: str = "horizontal_and_vertical", **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, mode=mode)
        self.mode = mode

    def matrix(self, numbers, frame):
        right, bottom = (size - 1 for size in frame.extent)
        # 1 where a direction is mirrored, else 0.
        x, y = (frame.ops.cast(number < 0.5, "float32") for number in numbers)
        x, y = (0 if self.mode == "vertical" else x), (0 if self.mode == "horizontal" else y)
        return (1 - 2 * x, 0, x * right), (0, 1 - 2 * y, y * bottom), (0, 0, 1)

    def get_config(self):
        return {**super().get_config(), "mode": self.mode}
