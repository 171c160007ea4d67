"""Many ops, few passes over the pixels."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit.augmentation.image import _images
from keras_regkit.augmentation.image._layer import FORMAT, ImageAugmentation


class Ops:
    """A list of image augmentation layers, one at least."""

    def check(self, name, value):
        """Returns the layers as a list; raises `TypeError` for anything else, `ValueError` for none."""
        if not isinstance(value, list | tuple):
            raise TypeError(f"`{name}` must be a list of image augmentation layers. Received: {value!r}")
        if not value:
            raise ValueError(f"`{name}` must have at least one image augmentation layer. Received: {value!r}")
        for op in value:
            if not isinstance(op, ImageAugmentation):
                made = " Hand over a layer, not its class." if isinstance(op, type) else ""
                raise TypeError(
                    f"`{name}` must be a list of layers of keras_regkit.augmentation.image, since these can be joined "
                    f"into few passes.{made} Other layers go before or behind the Compose. Received: {op!r} of type "
                    f"{type(op).__name__} in {value!r}"
                )
        return list(value)

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("much", TypeError), (None, TypeError), (3, TypeError), ([], ValueError), (["RandomFlip"], TypeError)]


@keras.saving.register_keras_serializable("keras_regkit")
class Compose(ImageAugmentation):
    """Does ops one after the other, and joins neighbours that go together into one pass over the pixels.

        image(x) ↦ image(M₁ · M₂ · … · Mₖ · x),   colour c ↦ Cₖ · … · C₂ · C₁ · c

    Use it wherever there is more than one op. Neighbours that move pixels multiply into one matrix per image and
    resample once: it is faster than one after the other, and blurs less. They go together where they have the same
    `fill_mode`, `fill_value` and `interpolation`; `RandomFlip` and the crops go with all. Neighbours that map colours
    linearly multiply into one matrix per image too. Whatever else runs where it stands. So put ops of a kind next to
    each other.

    Joined ops differ from the same ops one after the other in two ways. What one op moved out of the image and the next
    moves back in again is seen, where it would have been filled. And colours are clipped to the value range once, at
    the end, or before an op that is not linear: on smooth images that changes about 2% of the pixels by more than one
    level of 255, on noise 15%. `clip="each"` clips after each colour op, in as many passes.

    The first call with a size of images compiles for some seconds, and attributes that are changed later do not count.
    A pixel of NaN is an error where it can be seen; in a compiled step and in `tf.data` it spreads to those that are
    interpolated with it, and to its image where an op needs the mean. What comes in a dict may be of different dtypes,
    each of which stays: masks of bytes beside images of floats.

    Args:
        augmentations: List of layers of `keras_regkit.augmentation.image`, at least one, also other `Compose`.
        value_range: Lowest and highest value of a pixel; it counts for all ops. Defaults to (0, 255).
        clip: `"end"`, the default, or `"each"`: when colours are clipped.
        data_format: `"channels_last"`, `"channels_first"` or None, the default: `keras.config.image_data_format()`. It
            counts for all ops.
        bounding_box_format: How bounding boxes are written, if there are any: `"xyxy"` or another format of Keras. It
            counts for all ops.
        seed: Integer seed for all ops; their own do not count. Defaults to None.

    Call arguments:
        inputs: Images, `(batch, height, width, channels)` or without the batch, or a dict with `images` and
            optionally `labels`, `segmentation_masks` and `bounding_boxes`.
        training: Whether to do anything. Defaults to True outside of models. Ops that change the size do that always.

    Raises:
        TypeError, ValueError: an argument is out of its range, a layer within was told another `value_range`, `clip` or
            `data_format`, or the images have the wrong rank, too few channels for an op on colours, or NaN.

    Example:

    >>> from keras_regkit.augmentation.image import RandomContrast, RandomFlip, RandomRotation
    >>> augment = Compose([RandomFlip("horizontal"), RandomRotation(0.05), RandomContrast(0.2)], seed=1)
    >>> images = np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("uint8")
    >>> augment(images).shape, augment(images).dtype.name
    (TensorShape([2, 8, 8, 3]), 'uint8')
    >>> bool(np.all(augment(images, training=False) == images))
    True
    """

    RANGES = {"augmentations": Ops(), "clip": OneOf("end", "each"), **FORMAT}  # noqa: RUF012
    without = ("probability",)

    def __init__(
        self,
        augmentations: Sequence[keras.layers.Layer],
        value_range: Sequence[float] = (0, 255),
        clip: str = "end",
        **kwargs: Any,
    ):
        if "probability" in kwargs:
            raise TypeError(
                "Compose takes no `probability`: give each of its layers its own. "
                f"Received: probability={kwargs['probability']!r}"
            )
        super().__init__(**kwargs)
        check_arguments(self.RANGES, augmentations=augmentations, clip=clip)
        self.augmentations = list(augmentations)
        self.value_range = _images.check_range(value_range)
        self.clip = clip
        self._check_agreement()

    def _check_agreement(self):
        """Raises `ValueError` where a layer was told of other pixels, or another clip, than this one, which counts."""
        for op in self.augmentations:
            agree = {
                "value_range": op.value_range in (ImageAugmentation.value_range, self.value_range),
                "clip": op.clip in (ImageAugmentation.clip, self.clip),
                "data_format": op.data_format is None
                or _images.is_channels_first(op.data_format) == _images.is_channels_first(self.data_format),
            }
            for name in (name for name, does in agree.items() if not does):
                raise ValueError(
                    f"Compose has {name}={getattr(self, name)!r}, which counts for all of its layers, and {op.name!r} "
                    f"has {name}={getattr(op, name)!r}. Say it to the Compose alone"
                )

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
