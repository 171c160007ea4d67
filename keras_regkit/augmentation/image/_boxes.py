"""Bounding boxes that move with their images."""

import keras

from keras_regkit._core.checks import OneOf
from keras_regkit.augmentation.image import _matrices

FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def check_format(name):
    """Returns `name`; raises `ValueError` that names the formats."""
    return OneOf(None, *FORMATS).check("bounding_box_format", name)


def check_boxes(boxes, box_format, images, name):
    """Raises `ValueError` where boxes cannot belong to images, whose format is `box_format`.

    Args:
        boxes: What was given as bounding boxes.
        box_format: One of `FORMATS`, or None.
        images: The images, with or without a batch.
        name: Name of the layer.
    """
    if not isinstance(boxes, dict) or not {"boxes", "labels"} <= set(boxes):
        raise ValueError(
            f"Layer {name!r} takes 'bounding_boxes' as a dict with 'boxes' and 'labels'. Received: "
            f"{sorted(map(str, boxes)) if isinstance(boxes, dict) else type(boxes).__name__}"
        )
    if box_format is None:
        raise ValueError(
            f"Layer {name!r} received bounding boxes and does not know how they are written. "
            f"Give it `bounding_box_format`, one of {list(FORMATS)}"
        )
    shape = tuple(boxes["boxes"].shape)
    wanted = "(batch, boxes, 4)" if len(images.shape) == 4 else "(boxes, 4)"
    if len(shape) != len(images.shape) - 1 or shape[-1] != 4:
        raise ValueError(
            f"Layer {name!r} takes 'boxes' of shape {wanted} beside images of shape {tuple(images.shape)}. "
            f"Received: shape {shape}. Where the number of boxes differs between images, fill up with boxes of zeros "
            "that have the label -1"
        )
    labels = tuple(boxes["labels"].shape)
    if len(labels) < len(shape) - 1 or _differ(labels[: len(shape) - 1], shape[:-1]):
        raise ValueError(
            f"Layer {name!r} takes one label for each box. Received: 'boxes' of shape {shape}, "
            f"'labels' of shape {labels}"
        )


def label_dtype(dtype):
    """Returns the dtype of labels that can be -1: that of the input, if it can."""
    dtype = keras.backend.standardize_dtype(dtype)
    return "int32" if dtype.startswith("uint") or dtype == "bool" else dtype


def moved(boxes, matrix, before, after, box_format, ops):
    """Returns boxes around what became of the old ones, clipped to the image. Where nothing is left, the label is −1.

    Args:
        boxes: Dict with `boxes`, `(batch, boxes, 4)`, and `labels`, `(batch, boxes, ...)`.
        matrix: From output to input pixels, see `_matrices`.
        before, after: Height and width of the images.
        box_format: One of `FORMATS`.
        ops: The functions to compute with.
    """
    (height, width), (new_height, new_width) = ([ops.cast(s, "float32") for s in size] for size in (before, after))
    x1, y1, x2, y2 = edges(ops.cast(boxes["boxes"], "float32"), box_format, height, width, ops)
    forward = _matrices.inverse(ops, matrix)
    # Boxes count from the edge of the first pixel, matrices from its middle.
    points = [_applied(forward, x - 0.5, y - 0.5, ops) for x in (x1, x2) for y in (y1, y2)]
    xs, ys = (ops.stack([point[k] + 0.5 for point in points], axis=0) for k in range(2))
    new = (
        ops.clip(ops.min(xs, axis=0), 0.0, new_width),
        ops.clip(ops.min(ys, axis=0), 0.0, new_height),
        ops.clip(ops.max(xs, axis=0), 0.0, new_width),
        ops.clip(ops.max(ys, axis=0), 0.0, new_height),
    )
    # A box without area is a mark for none, and turning must not give it one.
    left = ops.logical_and((x2 - x1) * (y2 - y1) > 0, (new[2] - new[0]) * (new[3] - new[1]) > 0)
    labels = ops.cast(boxes["labels"], label_dtype(boxes["labels"].dtype))
    left = ops.reshape(left, (*ops.shape(left), *[1] * (len(labels.shape) - 2)))
    return {
        **boxes,
        "boxes": written(new, box_format, new_height, new_width, ops),
        "labels": ops.where(left, labels, -ops.ones_like(labels)),
    }


def edges(boxes, box_format, height, width, ops):
    """Returns left, upper, right and lower edges in pixels, each `(batch, boxes)`."""
    a, b, c, d = (boxes[..., k] for k in range(4))
    name = box_format.removeprefix("rel_")
    if name in ("yxyx", "center_yxhw"):
        a, b, c, d = b, a, d, c
    if name.startswith("center"):
        a, b = a - c / 2, b - d / 2
    if name not in ("xyxy", "yxyx"):
        c, d = a + c, b + d
    if box_format.startswith("rel_"):
        a, b, c, d = a * width, b * height, c * width, d * height
    return a, b, c, d


def written(box_edges, box_format, height, width, ops):
    """Returns boxes from edges: undoes `edges`."""
    a, b, c, d = box_edges
    name = box_format.removeprefix("rel_")
    if box_format.startswith("rel_"):
        a, b, c, d = a / width, b / height, c / width, d / height
    if name not in ("xyxy", "yxyx"):
        c, d = c - a, d - b
    if name.startswith("center"):
        a, b = a + c / 2, b + d / 2
    if name in ("yxyx", "center_yxhw"):
        a, b, c, d = b, a, d, c
    return ops.stack([a, b, c, d], axis=-1)


def _applied(matrix, x, y, ops):
    """Returns where points (x, y), each `(batch, boxes)`, lie after a matrix."""
    rows = [[entry if isinstance(entry, int | float) else entry[:, None] for entry in row] for row in matrix]
    new_x, new_y, w = (a * x + b * y + c for a, b, c in rows)
    # What lies behind the viewer is far outside.
    w = ops.maximum(w, 1e-6)
    return new_x / w, new_y / w


def _differ(sizes, others):
    """Whether known sizes are not the same."""
    return any(None not in pair and pair[0] != pair[1] for pair in zip(sizes, others, strict=True))
