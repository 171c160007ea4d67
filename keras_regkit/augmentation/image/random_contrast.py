"""Pulling colours towards the mean of their image, or away from it."""

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.image import _matrices
from keras_regkit.augmentation.image._factors import Factor, between
from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, ColorAugmentation
from keras_regkit.augmentation.image._recolouring import Recolouring


@keras.saving.register_keras_serializable("keras_regkit")
class RandomContrast(ColorAugmentation):
    """c ↦ c̄ + f · (c − c̄)."""

    RANGES = {"factor": Factor(-1, 1), **PROBABILITY, **FORMAT}  # noqa: RUF012
    own_draws = 1

    def __init__(self, factor, **kwargs):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, factor=factor)
        self.factor = factor

    def recolouring(self, numbers, frame):
        f = 1 + between(self.RANGES["factor"].check("factor", self.factor), numbers[0])
        return Recolouring(_matrices.scale(f, _matrices.IDENTITY), _matrices.scale(1 - f, _matrices.IDENTITY))

    def get_config(self):
        return {**super().get_config(), "factor": self.factor}
