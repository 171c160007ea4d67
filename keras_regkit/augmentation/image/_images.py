"""What comes to an image augmentation layer, and what goes out."""

import dataclasses
import numbers
import warnings
from typing import Any

import keras

from keras_regkit._core.backend import is_known
from keras_regkit.augmentation._namespace import is_foreign
from keras_regkit.augmentation.image import _boxes

KEYS = ("images", "labels", "segmentation_masks", "bounding_boxes")


@dataclasses.dataclass(frozen=True)
class Batch:
    """Images with channels last, and what came with them.

    Args:
        images: `(batch, height, width, channels)`.
        moving: Dict with what moves with the images: `segmentation_masks` of the shape of images, `bounding_boxes`.
        others: Dict with what does not: `labels` of any structure.
        masks_are_flat: Whether the masks came without an axis of channels.
    """

    images: Any
    moving: dict
    others: dict
    was_dict: bool
    was_single: bool
    masks_are_flat: bool
    channels_first: bool
    ops: Any

    def replaced(self, **changes):
        return dataclasses.replace(self, **changes)

    def packed(self):
        """Returns what the layer hands on, of the form that came."""
        images, moving, ops = self.images, dict(self.moving), self.ops
        if self.channels_first:
            images = ops.transpose(images, (0, 3, 1, 2))
        if "segmentation_masks" in moving:
            masks = moving["segmentation_masks"]
            if self.masks_are_flat:
                masks = masks[..., 0]
            elif self.channels_first:
                masks = ops.transpose(masks, (0, 3, 1, 2))
            moving["segmentation_masks"] = masks
        if self.was_single:
            images, moving = keras.tree.map_structure(lambda x: x[0], (images, moving))
        return {"images": images, **self.others, **moving} if self.was_dict else images


def unpack(inputs, data_format, box_format, name, ops):
    """Returns a `Batch` of what came to the layer `name`.

    Raises:
        ValueError: there are no images, or they have the wrong rank, or there are keys that nobody knows, or masks or
            boxes do not go with the images.
    """
    was_dict = isinstance(inputs, dict)
    given = dict(inputs) if was_dict else {"images": inputs}
    check_keys(given, name)
    channels_first = is_channels_first(data_format)
    images = given.pop("images")
    check_rank(images, name)
    warn_of_many_channels(images, channels_first, name)
    was_single = len(images.shape) == 3
    moving = {key: given.pop(key) for key in ("segmentation_masks", "bounding_boxes") if key in given}
    flat = False
    if "bounding_boxes" in moving:
        boxes = moving["bounding_boxes"]
        if isinstance(boxes, dict):
            boxes = {key: ops.convert_to_tensor(value) for key, value in boxes.items()}
        _boxes.check_boxes(boxes, box_format, images, name)
        check_batch(images, boxes["boxes"], "bounding boxes", name)
        moving["bounding_boxes"] = boxes
    if "segmentation_masks" in moving:
        masks = moving["segmentation_masks"] = ops.convert_to_tensor(moving["segmentation_masks"])
        check_masks(masks, images, channels_first, name)
        flat = len(masks.shape) == len(images.shape) - 1
    if was_single:
        images, moving = keras.tree.map_structure(lambda x: x[None], (images, moving))
    if flat:
        moving["segmentation_masks"] = moving["segmentation_masks"][..., None]
    elif channels_first and "segmentation_masks" in moving:
        moving["segmentation_masks"] = ops.transpose(moving["segmentation_masks"], (0, 2, 3, 1))
    if channels_first:
        images = ops.transpose(images, (0, 2, 3, 1))
    return Batch(images, moving, given, was_dict, was_single, flat, channels_first, ops)


def is_channels_first(data_format):
    """Whether channels come before height and width."""
    return (data_format or keras.config.image_data_format()) == "channels_first"


def check_form(inputs, name):
    """Raises `TypeError` where there are no tensors, `ValueError` where a dict has no images or unknown keys."""
    if isinstance(inputs, tuple | list):
        raise TypeError(
            f"Layer {name!r} takes a tensor of images, or a dict. Received: a {type(inputs).__name__} of "
            f"{len(inputs)}. Labels stay outside: dataset.map(lambda x, y: (layer(x), y)), or "
            "augmentation.pipeline(dataset, layer); "
            "images of one size go together with np.stack"
        )
    if isinstance(inputs, dict):
        check_keys(inputs, name)


def check_keys(given, name):
    """Raises `ValueError` where the dict has no images, or keys that nobody knows."""
    if "images" not in given or set(given) - set(KEYS):
        raise ValueError(
            f"Layer {name!r} takes images, or a dict with 'images' and any of {list(KEYS[1:])}. "
            f"Received a dict with: {sorted(map(str, given))}"
        )


def warn_of_many_channels(images, channels_first, name):
    """Warns where one image has more channels than images have: then it is a batch of grey ones, most likely."""
    shape = tuple(images.shape)
    channels = shape[0] if channels_first else shape[-1]
    if len(shape) == 3 and channels is not None and channels > 4:
        axis = "x[:, None]" if channels_first else "x[..., None]"
        warnings.warn(
            f"Layer {name!r} takes what has the shape {shape} as one image with {channels} channels. If these are grey "
            f"images, give them an axis for their channel: {axis}",
            stacklevel=2,
        )


def check_rank(images, name):
    """Raises `ValueError` where images are no batch of images nor a single one, `TypeError` where they are bool."""
    if len(images.shape) not in (3, 4) or 0 in tuple(images.shape):
        raise ValueError(
            f"Layer {name!r} takes images of shape (batch, height, width, channels), or one without the batch, with no "
            f"size of 0. Received: shape {tuple(images.shape)}"
        )
    if keras.backend.standardize_dtype(images.dtype) == "bool":
        raise TypeError(
            f"Layer {name!r} takes images of whole numbers or floats. Received: bool. Masks belong in the "
            "'segmentation_masks' of a dict; black and white images become numbers with "
            "keras.ops.cast(images, 'uint8') * 255"
        )


def check_batch(images, others, what, name):
    """Raises `ValueError` where batches are known to differ in length."""
    if len(images.shape) == 4 and None not in (images.shape[0], others.shape[0]) and images.shape[0] != others.shape[0]:
        raise ValueError(
            f"Layer {name!r} takes {what} for each image. Received: {images.shape[0]} images and {what} for "
            f"{others.shape[0]}"
        )


def check_masks(masks, images, channels_first, name):
    """Raises `ValueError` where masks are not of the size of the images."""
    rank, size = len(images.shape), _size(images, channels_first)
    seen = tuple(masks.shape)
    if len(seen) == rank:
        seen_size = _size(masks, channels_first)
    else:
        seen_size = seen[-2:] if len(seen) == rank - 1 else None
    if seen_size is None or any(None not in pair and pair[0] != pair[1] for pair in zip(seen_size, size, strict=True)):
        raise ValueError(
            f"Layer {name!r} takes 'segmentation_masks' of the height and width of the images, with or without an axis "
            f"of channels. Received: masks of shape {seen} for images of shape {tuple(images.shape)}"
        )
    check_batch(images, masks, "masks", name)


def _size(images, channels_first):
    return tuple(images.shape)[-2:] if channels_first else tuple(images.shape)[-3:-1]


def check_channels(channels, name, op):
    """Raises `ValueError` where an op on colours finds other than three channels."""
    if channels != 3:
        raise ValueError(
            f"{op} needs images with 3 channels, red, green and blue. Layer {name!r} received images with {channels}. "
            "If the channels come first, say data_format='channels_first'; grey images become colours with "
            "keras.ops.repeat(images, 3, axis=-1)"
        )


def check_values(images, value_range, name):
    """Raises `ValueError` where whole numbers are said to lie within 1; warns where floats do not look like the range.

    Args:
        images: Tensor whose numbers can be read, or not yet: then only its dtype counts.
        value_range: Lowest and highest value of a pixel.
        name: Name of the layer.
    """
    low, high = value_range
    dtype = keras.backend.standardize_dtype(images.dtype)
    if "float" not in dtype:
        if high <= 1:
            raise ValueError(
                f"Layer {name!r} has value_range={value_range!r}. Received: images of {dtype}, which have no values in "
                "between. Say value_range=(0, 255), or hand over floats"
            )
        return
    if is_foreign(images) or not is_known(images):
        return
    darkest, brightest = (float(keras.ops.convert_to_numpy(f(images))) for f in (keras.ops.min, keras.ops.max))
    margin = 0.05 * (high - low)
    too_small = (low, high) == (0, 255) and 0 <= darkest < brightest <= 1
    if too_small or darkest < low - margin or brightest > high + margin:
        warnings.warn(
            f"Layer {name!r} has value_range={value_range!r}, and received images with values from {darkest:g} to "
            f"{brightest:g}. Colours change by shares of the range, and are clipped to it: say what it is",
            stacklevel=2,
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
    y = len(shape) - (2 if is_channels_first(data_format) else 3)
    return (*shape[:y], *compute_size(shape[y], shape[y + 1]), *shape[y + 2 :])


def spec(inputs, data_format, compute_size, dtype_out, name):
    """Returns symbolic outputs for symbolic inputs of the layer `name`.

    Raises:
        ValueError: there are no images, or they have the wrong rank.
    """

    def of_images(x, dtype):
        return keras.KerasTensor(resized_shape(tuple(x.shape), data_format, compute_size), dtype)

    check_keys(inputs if isinstance(inputs, dict) else {"images": inputs}, name)
    images = inputs["images"] if isinstance(inputs, dict) else inputs
    check_rank(images, name)
    if not isinstance(inputs, dict):
        return of_images(images, dtype_out(images.dtype))
    others = keras.tree.map_structure(lambda x: keras.KerasTensor(x.shape, x.dtype), dict(inputs))
    outputs = {**others, "images": of_images(images, dtype_out(images.dtype))}
    if "segmentation_masks" in inputs:
        masks = inputs["segmentation_masks"]
        if len(masks.shape) == len(images.shape):
            outputs["segmentation_masks"] = of_images(masks, masks.dtype)
        else:
            shape = (*masks.shape[:-2], *compute_size(*masks.shape[-2:]))
            outputs["segmentation_masks"] = keras.KerasTensor(shape, masks.dtype)
    if "bounding_boxes" in inputs:
        boxes = inputs["bounding_boxes"]
        labels = boxes["labels"]
        outputs["bounding_boxes"] = {
            **outputs["bounding_boxes"],
            "boxes": keras.KerasTensor(boxes["boxes"].shape, "float32"),
            "labels": keras.KerasTensor(labels.shape, _boxes.label_dtype(labels.dtype)),
        }
    return outputs
