"""Seeing images from another side."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation

# Of the unit square, in the order that `onto` takes them.
CORNERS = ((0, 0), (1, 0), (1, 1), (0, 1))


@keras.saving.register_keras_serializable("keras_regkit")
class RandomPerspective(FilledAugmentation):
    """Draws each corner of an image to a place of its own, as if the image were seen from another side.

        corner ↦ corner + (width · u, height · v),   u, v ~ U(−scale / 2, scale / 2)

    One homography takes the four corners there, and the pixels with them. Use it for what is seen from all sides, such
    as signs, pages and roads.

    It deviates from `keras.layers.RandomPerspective` in this: all four corners move, where Keras' move in proportion to
    their place, so that the first stays. `factor=1` changes all images, as it is documented there; Keras' own changes
    half of them. `scale` defaults to 0.5, the largest that cannot fold an image, and not to 1. Other fill modes than
    `"constant"` can be chosen.

    Args:
        factor: Share of the images that are changed: a number, or a pair of rising numbers for a share that is drawn
            between them; within [0, 1]. Defaults to 1.
        scale: How far the corners move: by at most scale / 2 of the width and height; in [0, 1]. Defaults to 0.5.
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"constant"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
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

    Reference:
        Heckbert, P. (1989). Fundamentals of Texture Mapping and Image Warping, section 2.2.3: a square to a quadrangle.

    Example:

    >>> layer = RandomPerspective(scale=0.5, seed=1)
    >>> corner = np.ones((1, 20, 20, 1))
    >>> bool(layer(corner)[0, 10, 10, 0] == 1), bool(np.min(layer(corner)) == 0)
    (True, True)
    """

    RANGES = {  # noqa: RUF012
        "factor": Factor(0, 1, one_sided=True),
        "scale": Interval(0, 1),
        **PROBABILITY,
        **FILL,
        **FORMAT,
    }
    own_draws = 9

    def __init__(self, factor: RangeLike = 1.0, scale: float = 0.5, fill_mode: str = "constant", **kwargs: Any):
        super().__init__(fill_mode=fill_mode, **kwargs)
        check_arguments(self.RANGES, factor=factor, scale=scale)
        self.factor = factor
        self.scale = scale

    def matrix(self, numbers, frame):
        ops = frame.ops
        moved = [
            tuple(place + self.scale * (u - 0.5) for place, u in zip(corner, numbers[2 * k : 2 * k + 2], strict=True))
            for k, corner in enumerate(CORNERS)
        ]
        # From pixels to the unit square and back: pixels lie from −1/2 to the size − 1/2.
        width, height = frame.extent
        pixels = _matrices.multiply(_matrices.shift(-0.5, -0.5), _matrices.stretch(width, height))
        square = _matrices.multiply(_matrices.stretch(1 / width, 1 / height), _matrices.shift(0.5, 0.5))
        matrix = _matrices.multiply(pixels, _matrices.multiply(_matrices.inverse(ops, onto(moved, ops)), square))
        low, high = self.RANGES["factor"].check("factor", self.factor)
        # One number does for a share that is drawn itself: only its mean matters.
        share = (low + high) / 2 if isinstance(self.factor, tuple | list) else high
        return _matrices.where(ops, numbers[8] < share, matrix, _matrices.IDENTITY)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor, "scale": self.scale}


def onto(corners, ops):
    """Returns the 3 × 3 matrix that takes the unit square to four corners, pairs (x, y) in the order of `CORNERS`."""
    (x0, y0), (x1, y1), (x2, y2), (x3, y3) = corners
    ax, ay, bx, by = x1 - x2, y1 - y2, x3 - x2, y3 - y2
    sx, sy = x0 - x1 + x2 - x3, y0 - y1 + y2 - y3
    size = ax * by - bx * ay
    # Three corners on one line have no such matrix.
    size = ops.where(ops.abs(size) < 1e-6, 1e-6 * ops.ones_like(size), size)
    g, h = (sx * by - bx * sy) / size, (ax * sy - sx * ay) / size
    return (
        (x1 - x0 + g * x1, x3 - x0 + h * x3, x0),
        (y1 - y0 + g * y1, y3 - y0 + h * y3, y0),
        (g, h, 1),
    )
