"""What all image augmentation layers share: what they take, and how ops become passes over pixels."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.backend import is_known
from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.augmentation._finite import check_finite
from keras_regkit.augmentation._kernels import ClassSignature, kernel_of, signature
from keras_regkit.augmentation._layer import Augmentation
from keras_regkit.augmentation._namespace import ops_for
from keras_regkit.augmentation.image import _boxes, _images, _matrices
from keras_regkit.augmentation.image._frame import Frame
from keras_regkit.augmentation.image._native import native
from keras_regkit.augmentation.image._stages import Filter, Recolour, Resample, plan

PROBABILITY = {"probability": Interval(0, 1)}
FILL = {
    "fill_mode": OneOf("reflect", "constant", "nearest", "wrap"),
    "fill_value": Interval(),
    "interpolation": OneOf("bilinear", "nearest"),
}
FORMAT = {"data_format": OneOf(None, "channels_last", "channels_first")}


class ImageAugmentation(Augmentation):
    """A layer for images: one op, or a pipeline of them. Its arguments are read at the first call, which compiles it.

    Args:
        probability: Share of the images that are changed, in [0, 1].
        data_format: `"channels_last"`, `"channels_first"` or None for `keras.config.image_data_format()`.
        bounding_box_format: How boxes are written, where there are any: one of `_boxes.FORMATS`, or None.
        seed: Integer or None.
    """

    # How many numbers the op itself needs for each image.
    own_draws = 0
    value_range = (0, 255)
    clip = "end"
    # Arguments of the classes above that a class does not take.
    without: tuple[str, ...] = ()

    def __init_subclass__(cls, **kwargs):
        super().__init_subclass__(**kwargs)
        # What goes through **kwargs is an argument like any other, for `help` and for editors.
        cls.__signature__ = ClassSignature(signature(cls))

    def __init__(
        self,
        probability: float = 1.0,
        data_format: str | None = None,
        bounding_box_format: str | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(seed=seed, **kwargs)
        check_arguments({**PROBABILITY, **FORMAT}, probability=probability, data_format=data_format)
        self.probability = probability
        self.data_format = data_format
        self.bounding_box_format = _boxes.check_format(bounding_box_format)
        self._kernel = None
        self._range_is_checked = False

    @property
    def draws(self):
        return sum(step.own_draws + (step.probability < 1) for step in self.steps())

    def steps(self):
        """Returns the ops, in order."""
        return [self]

    def shape_of_numbers(self, inputs, ops):
        _images.check_form(inputs, self.name)
        return super().shape_of_numbers(inputs, ops)

    def count(self, inputs, ops):
        images = inputs["images"] if isinstance(inputs, dict) else inputs
        return ops.shape(images)[0] if len(images.shape) == 4 else 1

    def augment(self, inputs, numbers, ops):
        return self._passes(inputs, numbers, ops, training=True)

    def rest(self, inputs):
        ops = ops_for(inputs)
        if self.compute_size(None, None) != (None, None):
            # What the model is built for is the size of the output: without anything random, but of that size.
            numbers = ops.zeros(self.shape_of_numbers(inputs, ops), dtype="float32")
            return self._passes(inputs, numbers, ops, training=False)
        batch = _images.unpack(inputs, self.data_format, self.bounding_box_format, self.name, ops)
        moving = _as_computed(batch.moving, ops)
        return batch.replaced(images=ops.cast(batch.images, self.dtype_out(batch.images.dtype)), moving=moving).packed()

    def _passes(self, inputs, numbers, ops, training):
        batch = _images.unpack(inputs, self.data_format, self.bounding_box_format, self.name, ops)
        if training:
            check_finite(batch.images, self.name, "images")
            if not self._range_is_checked and any(isinstance(step, RangedAugmentation) for step in self.steps()):
                _images.check_values(batch.images, self.value_range, self.name)
                # It takes as long as an op: once is enough to find what was said wrongly.
                self._range_is_checked = is_known(batch.images)
        shape = tuple(ops.shape(batch.images)[1:])
        known = all(isinstance(length, int) for length in shape)
        # What is unknown cannot be part of the name of a compilation, and XLA needs to know it.
        spec = (shape if known else None, training, ops)
        if known and self._kernel is None:
            self._kernel = kernel_of(self)
        kernel = self._kernel if known else self._compute
        images, moving = kernel(spec, numbers, batch.images, _as_computed(batch.moving, ops))
        return batch.replaced(images=images, moving=moving).packed()

    def _compute(self, spec, numbers, images, moving):
        """Returns the new images, and what moves with them."""
        known, training, ops = spec
        shape = ops.shape(images)
        *size, channels = known or shape[1:]
        frame = Frame(ops, *size, channels, self.value_range, training)
        passes, _ = plan(self.steps(), numbers, frame, self.clip)
        like = ops.zeros((shape[0],), dtype="float32")
        split = [stage.split(ops, like) for stage in passes]
        # Where the pixels are computed, what an image has to itself is known.
        tensors = [native(ops).barrier(own) for _, own in split]
        spec = (tuple(stage for stage, _ in split), self.value_range, self.dtype_out(images.dtype), ops)
        for stage, (ready, _), own in zip(passes, split, tensors, strict=True):
            if isinstance(stage, Resample):
                moving = _moved(moving, stage, ready, own, size, self.bounding_box_format, ops)
                size = stage.size
        return _run(spec, images, *tensors), moving

    def compute_size(self, height, width):
        """Returns the size of the output for images of this size; None stands for any."""
        for step in self.steps():
            height, width = step.output_size(height, width)
        return height, width

    def output_size(self, height, width):
        """Returns the size that this op makes of images of this size."""
        return height, width

    def compute_output_spec(self, inputs, training=True):
        outputs = _images.spec(inputs, self.data_format, self.compute_size, self.dtype_out, self.name)
        shape = (inputs["images"] if isinstance(inputs, dict) else inputs).shape
        channels = shape[-3] if _images.is_channels_first(self.data_format) else shape[-1]
        for step in self.steps() if channels is not None else ():
            step.check_channels(channels)
        return outputs

    def check_channels(self, channels):
        """Raises `ValueError` where the op cannot change images with so many channels."""

    def compute_output_shape(self, input_shape):
        return _images.resized_shape(tuple(input_shape), self.data_format, self.compute_size)

    def get_config(self):
        return {
            **super().get_config(),
            "probability": self.probability,
            "data_format": self.data_format,
            "bounding_box_format": self.bounding_box_format,
        }


class GeometricAugmentation(ImageAugmentation):
    """An op that moves pixels and reads none outside of the image. Subclasses say in `matrix` where each comes from."""

    # None goes together with anything.
    fill = None
    interpolation: str | None = None

    def matrix(self, numbers, frame):
        """Returns the 3 × 3 matrix from output to input pixels, see `_matrices`; numbers are vectors, one per draw."""
        raise NotImplementedError

    def resting_matrix(self, frame):
        """Returns the matrix where the op is not to do anything at random."""
        return _matrices.IDENTITY

    def stage(self, numbers, chosen, frame, clip_each):
        resting = self.resting_matrix(frame)
        matrix = self.matrix(numbers, frame) if frame.training else resting
        if chosen is not None and frame.training:
            matrix = _matrices.where(frame.ops, chosen, matrix, resting)
        return Resample(matrix, self.output_size(frame.height, frame.width), self.fill, self.interpolation)


class FilledAugmentation(GeometricAugmentation):
    """An op that moves pixels, so that some come from outside of the image.

    Args:
        fill_mode, fill_value, interpolation: As in `keras.layers.RandomRotation`.
        others: As of every image augmentation.
    """

    def __init__(
        self, fill_mode: str = "reflect", fill_value: float = 0.0, interpolation: str = "bilinear", **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_arguments(FILL, fill_mode=fill_mode, fill_value=fill_value, interpolation=interpolation)
        self.fill_mode = fill_mode
        self.fill_value = fill_value
        self.interpolation = interpolation

    @property
    def fill(self):
        return self.fill_mode, self.fill_value if self.fill_mode == "constant" else 0.0

    def get_config(self):
        return {
            **super().get_config(),
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "interpolation": self.interpolation,
        }


class RangedAugmentation(ImageAugmentation):
    """An op that knows how bright white is.

    Args:
        value_range: Lowest and highest value of a pixel. Within a `Compose`, that of the `Compose` counts.
        others: As of every image augmentation.
    """

    def __init__(self, value_range: Sequence[float] = (0, 255), **kwargs: Any):
        super().__init__(**kwargs)
        self.value_range = _images.check_range(value_range)

    def get_config(self):
        return {**super().get_config(), "value_range": self.value_range}


class ColorAugmentation(RangedAugmentation):
    """An op that maps colours linearly. Subclasses say in `recolouring` how, in units of the value range."""

    def check_channels(self, channels):
        _images.check_channels(channels, self.name, type(self).__name__)

    def recolouring(self, numbers, frame):
        """Returns a `Recolouring`; numbers are vectors, one per draw."""
        raise NotImplementedError

    def stage(self, numbers, chosen, frame, clip_each):
        if not frame.training:
            return None
        self.check_channels(frame.channels)
        recolouring = self.recolouring(numbers, frame)
        return Recolour(recolouring if chosen is None else recolouring.where(frame.ops, chosen), clip_each)


class PixelAugmentation(RangedAugmentation):
    """An op that needs the pixels themselves. Subclasses say in `transform` what becomes of them."""

    def transform(self, images, numbers, value_range, ops):
        """Returns the new images.

        Args:
            images: Float32 tensor `(batch, height, width, channels)`.
            numbers: Uniform numbers in [0, 1), `(batch, draws)`.
            value_range: Lowest and highest value of a pixel.
            ops: The functions to compute with.
        """
        raise NotImplementedError

    def stage(self, numbers, chosen, frame, clip_each):
        if not frame.training:
            return None
        ops = frame.ops
        return Filter(self, ops.stack(numbers, axis=-1) if numbers else ops.zeros((1, 0), dtype="float32"), chosen)


def _as_computed(moving, ops):
    """Returns what moves with the images, boxes as the floats that they come out as."""
    if "bounding_boxes" not in moving:
        return moving
    boxes = moving["bounding_boxes"]
    labels = ops.cast(boxes["labels"], _boxes.label_dtype(boxes["labels"].dtype))
    boxes = {**boxes, "boxes": ops.cast(boxes["boxes"], "float32"), "labels": labels}
    return {**moving, "bounding_boxes": boxes}


def _moved(moving, stage, ready, tensors, size, box_format, ops):
    """Returns masks and boxes as a `Resample` moved their images, of the `size` before it."""
    moving = dict(moving)
    if "segmentation_masks" in moving:
        moving["segmentation_masks"] = ready.run_masks(moving["segmentation_masks"], tensors, ops)
    if "bounding_boxes" in moving:
        boxes = moving["bounding_boxes"]
        moving["bounding_boxes"] = _boxes.moved(boxes, stage.matrix, size, stage.size, box_format, ops)
    return moving


def _run(spec, images, *tensors):
    """Returns the images after all passes."""
    passes, value_range, dtype, ops = spec
    for stage, own in zip(passes, tensors, strict=True):
        if isinstance(stage, Resample) and stage is not passes[-1]:
            images = stage.run_for_others(images, own, ops, value_range)
            continue
        if not isinstance(stage, Resample) and not getattr(stage, "takes_whole_numbers", False):
            images = ops.cast(images, "float32")
        images = stage.run(images, own, ops, value_range)
    if any(not isinstance(stage, Resample) for stage in passes):
        images = ops.clip(ops.cast(images, "float32"), *value_range)
    if "float" not in keras.backend.standardize_dtype(dtype):
        images = ops.round(ops.cast(images, "float32")) if passes else images
    return ops.cast(images, dtype)
