"""Bounding boxes that move with their images."""

from keras_regkit._core.checks import OneOf

FORMATS = ("xyxy", "yxyx", "xywh", "center_xywh", "center_yxhw", "rel_xyxy", "rel_yxyx", "rel_xywh", "rel_center_xywh")


def check_format(name):
    """Returns `name`; raises `ValueError` that names the formats."""
    return OneOf(None, *FORMATS).check("bounding_box_format", name)


def moved(boxes, stage, box_format, ops):
    """Returns boxes around what became of the old ones, clipped to the image; those that left it are marked with −1."""
    raise NotImplementedError
