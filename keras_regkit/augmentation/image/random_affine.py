"""Turning, zooming, slanting and shifting images at once."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit._core.types import RangeLike
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation
from keras_regkit.augmentation.image.random_rotation import turn
from keras_regkit.augmentation.image.random_zoom import ZoomFactor

FACTORS = ("rotation_factor", "zoom_factor", "shear_factor", "translation_factor")


@keras.saving.register_keras_serializable("keras_regkit")
class RandomAffine(FilledAugmentation):
    """Turns, zooms, slants and shifts each image, all in one.

        M = T · S · Z · R,   R, Z, S around the middle of the image

    M says where output pixels come from: what is seen is shifted first and turned last. It is the short form of
    `Compose([RandomTranslation, RandomShear, RandomZoom, RandomRotation])` and costs as much as one of them. The slant
    is around the middle, where `RandomShear` leaves the first pixel where it is.

    Args:
        rotation_factor: Angle as a fraction of 2π, counterclockwise, as in `RandomRotation`. Defaults to 0.
        zoom_factor: How much smaller things get, as in `RandomZoom`, width and height alike. Defaults to 0.
        translation_factor: How far things move, as a share of the height and of the width; one number is drawn for
            each. Defaults to 0.
        shear_factor: How far pixels move along x for each pixel that they lie lower, and, drawn apart, along y for
            each pixel that they lie further right. Defaults to 0.
            Each of the four is a number f for the range from −f to f, or a pair of rising numbers for the range
            between; within [−1, 1], the zoom above −1.
        fill_mode: What lies outside of the image: `"reflect"` (b a | a b c), `"constant"`, `"nearest"` (a a | a b c) or
            `"wrap"`. Defaults to `"reflect"`.
        fill_value: The constant, in units of the pixels. Defaults to 0.
        interpolation: `"bilinear"`, the default, or `"nearest"`.
        probability: Share of the images that are moved at all, in [0, 1]. Defaults to 1.
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

    >>> layer = RandomAffine(translation_factor=(0.5, 0.5), fill_mode="constant")
    >>> layer(np.arange(1.0, 5.0).reshape(1, 2, 2, 1))[0, :, :, 0].numpy()
    array([[0., 0.],
           [0., 1.]], dtype=float32)
    """

    RANGES = {  # noqa: RUF012
        "rotation_factor": Factor(-1, 1),
        "zoom_factor": ZoomFactor(-1, 1),
        "translation_factor": Factor(-1, 1),
        "shear_factor": Factor(-1, 1),
        **PROBABILITY,
        **FILL,
        **FORMAT,
    }
    own_draws = 6

    def __init__(
        self,
        rotation_factor: RangeLike = 0.0,
        zoom_factor: RangeLike = 0.0,
        translation_factor: RangeLike = 0.0,
        shear_factor: RangeLike = 0.0,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(
            self.RANGES,
            rotation_factor=rotation_factor,
            zoom_factor=zoom_factor,
            translation_factor=translation_factor,
            shear_factor=shear_factor,
        )
        self.rotation_factor = rotation_factor
        self.zoom_factor = zoom_factor
        self.translation_factor = translation_factor
        self.shear_factor = shear_factor

    def matrix(self, numbers, frame):
        def drawn(name, *of):
            pair = self.RANGES[name].check(name, getattr(self, name))
            return [between(pair, number) for number in of]

        (angle,), (zoom,) = drawn("rotation_factor", numbers[0]), drawn("zoom_factor", numbers[1])
        x, y = drawn("shear_factor", *numbers[2:4])
        down, right = drawn("translation_factor", *numbers[4:])
        center, (width, height) = frame.center, frame.extent
        matrix = _matrices.shift(-right * width, -down * height)
        matrix = _matrices.multiply(matrix, _matrices.around(((1, x), (y, 1)), *center))
        matrix = _matrices.multiply(matrix, _matrices.around(((1 + zoom, 0), (0, 1 + zoom)), *center))
        return _matrices.multiply(matrix, turn(angle, frame))

    def get_config(self):
        return {**super().get_config(), **{name: getattr(self, name) for name in FACTORS}}
