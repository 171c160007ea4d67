"""What comes to an image augmentation layer, and what goes out."""

import dataclasses
import numbers
from typing import Any

import keras

from keras_regkit.augmentation.image import _boxes
from keras_regkit.augmentation.image._warp import warp

KEYS = ("images", "labels", "segmentation_masks", "bounding_boxes")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Images with channels last, and what came with them."""

    images: Any
    others: dict
    was_dict: bool
    was_single: bool
    channels_first: bool
    ops: Any

    def replaced(self, **changes):
        return dataclasses.replace(self, **changes)

    def resampled(self, stage, like, box_format, ops):
        """Returns the masks and boxes as the images were moved."""
        others = dict(self.others)
        if "segmentation_masks" in others:
            others["segmentation_masks"] = _warped_masks(others["segmentation_masks"], stage, like, ops)
        if "bounding_boxes" in others:
            others["bounding_boxes"] = _boxes.moved(others["bounding_boxes"], stage, box_format, ops)
        return self.replaced(others=others)

    def packed(self):
        """Returns what the layer hands on, of the form that came."""
        images, ops = self.images, self.ops
        if self.channels_first:
            images = ops.transpose(images, (0, 3, 1, 2))
        if not self.was_dict:
            return images[0] if self.was_single else images
        result = {"images": images, **self.others}
        if self.was_single:
            result = keras.tree.map_structure(lambda x: x[0], result)
        return result


def unpack(inputs, data_format, name, ops):
    """Returns a `Batch` of what came to the layer `name`.

    Raises:
        ValueError: there are no images, or they have the wrong rank, or there are keys that nobody knows.
    """
    was_dict = isinstance(inputs, dict)
    given = dict(inputs) if was_dict else {"images": inputs}
    check_keys(given, name)
    images = given["images"]
    check_rank(images, name)
    was_single = len(images.shape) == 3
    if was_single:
        given = keras.tree.map_structure(lambda x: x[None], given)
        images = given["images"]
    channels_first = (data_format or keras.config.image_data_format()) == "channels_first"
    if channels_first:
        images = ops.transpose(images, (0, 2, 3, 1))
    others = {key: value for key, value in given.items() if key != "images"}
    return Batch(images, others, was_dict, was_single, channels_first, ops)


def check_keys(given, name):
    """Raises `ValueError` where the dict has no images, or keys that nobody knows."""
    if "images" not in given or set(given) - set(KEYS):
        raise ValueError(
            f"Layer {name!r} takes images, or a dict with 'images' and any of {list(KEYS[1:])}. "
            f"Received a dict with: {sorted(map(str, given))}"
        )


def check_rank(images, name):
    """Raises `ValueError` where images are no batch of images nor a single one."""
    if len(images.shape) not in (3, 4) or 0 in tuple(images.shape):
        raise ValueError(
            f"Layer {name!r} takes images of shape (batch, height, width, channels), or one without the batch, with no "
            f"size of 0. Received: shape {tuple(images.shape)}"
        )


def check_channels(channels, name, op):
    """Raises `ValueError` where an op on colours finds other than three channels."""
    if channels != 3:
        raise ValueError(
            f"{op} needs images with 3 channels, red, green and blue. Layer {name!r} received images with {channels}. "
            "If the channels come first, say data_format='channels_first'; grey images become colours with "
            "keras.ops.repeat(images, 3, axis=-1)"
        )


def check_range(value_range):
    """Returns `value_range` as a tuple; raises `TypeError` or `ValueError` where it is no pair of rising numbers."""
    pair = tuple(value_range) if isinstance(value_range, tuple | list) else None
    if pair is None or len(pair) != 2 or not all(isinstance(v, numbers.Real) for v in pair):
        raise TypeError(f"`value_range` must be two numbers, as (0, 255) or (0, 1). Received: {value_range!r}")
    if not pair[0] < pair[1]:
        raise ValueError(f"`value_range` must be two rising numbers, as (0, 255) or (0, 1). Received: {value_range!r}")
    return pair


def resized_shape(shape, data_format, compute_size):
    """Returns the shape of images after their size has changed."""
    y = -2 if (data_format or keras.config.image_data_format()) == "channels_first" else -3
    y = len(shape) + y
    return (*shape[:y], *compute_size(shape[y], shape[y + 1]), *shape[y + 2 :])


def spec(inputs, data_format, compute_size, dtype_out):
    """Returns symbolic outputs for symbolic inputs."""

    def of_images(x):
        return keras.KerasTensor(resized_shape(tuple(x.shape), data_format, compute_size), dtype_out(x.dtype))

    if not isinstance(inputs, dict):
        return of_images(inputs)
    outputs = {**inputs, "images": of_images(inputs["images"])}
    if "segmentation_masks" in inputs:
        masks = inputs["segmentation_masks"]
        shape = resized_shape(tuple(masks.shape), "channels_last", compute_size)
        outputs["segmentation_masks"] = keras.KerasTensor(shape, masks.dtype)
    return outputs


def _warped_masks(masks, stage, like, ops):
    """Returns masks moved as their images, each pixel a class of the input; with or without an axis of channels."""
    _, (matrix,) = stage.split(ops, like)
    flat = len(masks.shape) == 3
    masks = masks[..., None] if flat else masks
    mode, _ = stage.fill or ("nearest", 0)
    masks = warp(masks, matrix, stage.size, mode, 0, "nearest", affine=False, ops=ops)
    return masks[..., 0] if flat else masks
