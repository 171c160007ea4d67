"""Turning images."""

import math

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FILL, FORMAT, PROBABILITY, FilledAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomRotation(FilledAugmentation):
    """Turns each image around its middle by an angle of its own."""

    RANGES = {"factor": Factor(-1, 1), **PROBABILITY, **FILL, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def matrix(self, numbers, frame):
        ops, (x, y) = frame.ops, frame.center
        # Counterclockwise, as seen on the screen, where y points down.
        angle = 2 * math.pi * between(self.RANGES["factor"].check("factor", self.factor), numbers[0])
        c, s = ops.cos(angle), ops.sin(angle)
        return _matrices.around(((c, -s), (s, c)), x, y)

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
