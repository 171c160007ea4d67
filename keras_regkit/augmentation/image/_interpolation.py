"""Bilinear interpolation by gathers."""


def corners(table, x, y, ops):
    """Returns the flat indices of the pixels above and left of points, and the weights of those below and right.

    Args:
        table: `(batch, height, width, channels)`.
        x, y: Coordinates in the table, `(batch, ...)`; the neighbours of each point are within.
        ops: The functions to compute with.
    """
    shape = ops.shape(table)
    left, top = ops.floor(x), ops.floor(y)
    index = images_in(table, ops) + ops.cast(top, "int32") * shape[2] + ops.cast(left, "int32")
    return index, x - left, y - top


def images_in(table, ops):
    """Returns the flat index of the first pixel of each image."""
    batch, height, width, _ = ops.shape(table)
    return ops.reshape(ops.arange(batch, dtype="int32"), (-1, 1, 1)) * (height * width)


def flat(table, ops):
    """Returns the pixels of all images, one after the other."""
    return ops.reshape(table, (-1, ops.shape(table)[3]))


def bilinear(table, x, y, rows, ops):
    """Returns the float32 colours at points, of the form of `corners`; `rows(pixels, index)` gathers."""
    width, pixels = ops.shape(table)[2], flat(table, ops)
    index, right, below = corners(table, x, y, ops)
    right, below = right[..., None], below[..., None]

    def at(step):
        # Each is used once: XLA makes a pass of its own for a gather that is used twice.
        return ops.cast(rows(pixels, index + step), "float32")

    upper = at(0) * (1 - right) + at(1) * right
    lower = at(width) * (1 - right) + at(width + 1) * right
    return upper * (1 - below) + lower * below
