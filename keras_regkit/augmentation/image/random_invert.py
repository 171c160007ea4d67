"""Negatives of images."""

import keras

from keras_regkit.augmentation.image._layer import FORMAT, PROBABILITY, PixelAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomInvert(PixelAugmentation):
    """Turns images into their negatives at random: c ↦ low + high − c."""

    RANGES = {**PROBABILITY, **FORMAT}  # noqa: RUF012

    def __init__(self, probability=0.5, **kwargs):
        super().__init__(probability=probability, **kwargs)

    def transform(self, images, numbers, value_range, ops):
        low, high = value_range
        return low + high - images
