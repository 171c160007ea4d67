"""Resampling images with one matrix each."""

import keras
import numpy as np

from keras_regkit.augmentation.image import _interpolation
from keras_regkit.augmentation.image._native import native


def warp(images, matrix, size, fill_mode, fill_value, interpolation, *, affine, ops):
    """Returns images whose pixel (x, y) is the input at matrix · (x, y, 1), the third number divided out.

    Args:
        images: `(batch, height, width, channels)`, numbers of any kind.
        matrix: `(batch, 3, 3)`, float32, of finite numbers.
        size: Height and width of the output.
        fill_mode: What lies outside: `"constant"`, `"nearest"` (a a | a b c), `"reflect"` (b a | a b c) or `"wrap"`.
        fill_value: The constant.
        interpolation: `"bilinear"` or `"nearest"`.
        affine: Whether the last rows are 0, 0, 1.
        ops: The functions to compute with.

    Returns:
        Float32 tensor for bilinear interpolation, else the dtype of the images; `(batch, *size, channels)`.
    """
    _, height, width, _ = ops.shape(images)
    x, y = source(matrix, size, affine, ops)
    if interpolation == "nearest":
        x, y = ops.floor(x + 0.5), ops.floor(y + 0.5)
    # A frame around the images: there lies what is just outside, so that the four neighbours always exist.
    x, y = fold(x, width, fill_mode, ops) + 1, fold(y, height, fill_mode, ops) + 1
    if fill_mode == "constant":
        images = able_to_hold(images, fill_value, ops)
    table = frame(images, fill_mode, fill_value, ops)
    step = native(ops)
    if interpolation == "nearest":
        index, _, _ = _interpolation.corners(table, x, y, ops)
        return step.rows(_interpolation.flat(table, ops), index)
    return step.bilinear(table, x, y, ops)


def source(matrix, size, affine, ops):
    """Returns x and y of the points that the output pixels come from, each `(batch, *size)`."""
    x = ops.reshape(ops.arange(size[1], dtype="int32"), (1, 1, -1))
    y = ops.reshape(ops.arange(size[0], dtype="int32"), (1, -1, 1))
    x, y = ops.cast(x, "float32"), ops.cast(y, "float32")

    def row(k):
        a, b, c = (matrix[:, k, j][:, None, None] for j in range(3))
        return a * x + (b * y + c)

    if affine:
        return row(0), row(1)
    # What lies behind the viewer is nowhere in the image.
    w = ops.maximum(row(2), 1e-6)
    return row(0) / w, row(1) / w


def fold(s, length, mode, ops):
    """Returns coordinates within [−1, length], where a frame of one pixel has all that lies further out."""
    length = ops.cast(length, "float32")
    if mode == "reflect":
        # Floor is faster than the remainder of a division.
        t = s + 0.5
        t = t - 2 * length * ops.floor(t / (2 * length))
        return ops.clip(ops.minimum(t, 2 * length - t) - 0.5, 0.0, length - 1)
    if mode == "wrap":
        # Very far out, rounding would leave the range.
        return ops.clip(s - length * ops.floor(s / length), 0.0, length)
    if mode == "nearest":
        return ops.clip(s, 0.0, length - 1)
    return ops.clip(s, -1.0, length)


def frame(images, mode, value, ops):
    """Returns the images with one more pixel before and two behind, in both directions.

    The second one behind is only ever read with weight 0: as right neighbour of a point on the first.
    """
    if mode != "wrap":  # the others never look at it but for weight 0, or mean the constant
        value = value if mode == "constant" else 0
        value = value if "float" in keras.backend.standardize_dtype(images.dtype) else int(value)
        return ops.pad(images, [[0, 0], [1, 2], [1, 2], [0, 0]], mode="constant", constant_values=value)
    images = ops.concatenate([images[:, -1:], images, images[:, :1], images[:, :1]], axis=1)
    return ops.concatenate([images[:, :, -1:], images, images[:, :, :1], images[:, :, :1]], axis=2)


def able_to_hold(images, value, ops):
    """Returns whole numbers as floats where they cannot hold `value`."""
    dtype = keras.backend.standardize_dtype(images.dtype)
    if "float" in dtype or dtype == "bool":
        return images
    limits = np.iinfo(dtype)
    fits = value == round(value) and limits.min <= value <= limits.max
    return images if fits else ops.cast(images, "float32")
