"""Resampling images with one matrix each."""


def warp(images, matrix, size, fill_mode, fill_value, interpolation, *, affine, ops):
    """Returns images whose pixel (x, y) is the input at matrix · (x, y, 1), the third number divided out.

    Args:
        images: `(batch, height, width, channels)`, numbers of any kind.
        matrix: `(batch, 3, 3)`, float32.
        size: Height and width of the output.
        fill_mode: What lies outside: `"constant"`, `"nearest"` (a a | a b c), `"reflect"` (b a | a b c) or `"wrap"`.
        fill_value: The constant.
        interpolation: `"bilinear"` or `"nearest"`.
        affine: Whether the last rows are 0, 0, 1.
        ops: The functions to compute with.

    Returns:
        Float32 tensor for bilinear interpolation, else the dtype of the images; `(batch, *size, channels)`.
    """
    batch, height, width, channels = ops.shape(images)
    sx, sy = source(matrix, size, affine, ops)
    if interpolation == "nearest":
        sx, sy = ops.floor(sx + 0.5), ops.floor(sy + 0.5)
    sx, sy = fold(sx, width, fill_mode, ops), fold(sy, height, fill_mode, ops)
    # A frame of one pixel: there lies what is just outside, so that the four neighbours always exist.
    table = ops.reshape(frame(images, fill_mode, fill_value, ops), (-1, channels))
    row = width + 2
    fx, fy = ops.floor(sx), ops.floor(sy)
    first = ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1)) * ((height + 2) * row)
    index = first + (ops.cast(fy, "int32") + 1) * row + ops.cast(fx, "int32") + 1
    if interpolation == "nearest":
        return ops.take(table, index, axis=0)

    def at(step):
        return ops.cast(ops.take(table, index + step, axis=0), "float32")

    wx, wy = (sx - fx)[..., None], (sy - fy)[..., None]
    upper = at(0) * (1 - wx) + at(1) * wx
    lower = at(row) * (1 - wx) + at(row + 1) * wx
    return upper * (1 - wy) + lower * wy


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
    w = row(2)
    # What lies behind the viewer is nowhere in the image.
    w = ops.where(w > 1e-6, w, ops.ones_like(w) * 1e-6)
    return row(0) / w, row(1) / w


def fold(s, length, mode, ops):
    """Returns coordinates within [−1, length], where a frame of one pixel has all that lies further out."""
    length = ops.cast(length, "float32")
    if mode == "reflect":
        period = 2 * length
        t = s + 0.5
        t = t - period * ops.floor(t / period)
        return ops.clip(ops.minimum(t, period - t) - 0.5, 0.0, length - 1)
    if mode == "wrap":
        return s - length * ops.floor(s / length)
    if mode == "nearest":
        return ops.clip(s, 0.0, length - 1)
    return ops.clip(s, -1.0, length)


def frame(images, mode, value, ops):
    """Returns the images with one more pixel on each side."""
    around = [[0, 0], [1, 1], [1, 1], [0, 0]]
    if mode != "wrap":  # the others never look at it but for weight 0, or mean the constant
        return ops.pad(images, around, mode="constant", constant_values=value)
    images = ops.concatenate([images[:, -1:], images, images[:, :1]], axis=1)
    return ops.concatenate([images[:, :, -1:], images, images[:, :, :1]], axis=2)
