"""Many ops, few passes over the pixels."""

import keras

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit.augmentation.image import _images
from keras_regkit.augmentation.image._layer import FORMAT, ImageAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class Compose(ImageAugmentation):
    """Does ops one after the other, and fuses neighbours that go together into one pass over the pixels."""

    RANGES = {"clip": OneOf("end", "each"), **FORMAT}  # noqa: RUF012

    def __init__(self, augmentations, value_range=(0, 255), clip="end", **kwargs):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, clip=clip)
        self.augmentations = list(augmentations)
        self.value_range = _images.check_range(value_range)
        self.clip = clip

    def steps(self):
        return [step for op in self.augmentations for step in op.steps()]

    def get_config(self):
        config = super().get_config()
        del config["probability"]
        ops = [keras.saving.serialize_keras_object(op) for op in self.augmentations]
        return {**config, "augmentations": ops, "value_range": self.value_range, "clip": self.clip}

    @classmethod
    def from_config(cls, config):
        ops = [keras.saving.deserialize_keras_object(op) for op in config["augmentations"]]
        return cls(**{**config, "augmentations": ops})
