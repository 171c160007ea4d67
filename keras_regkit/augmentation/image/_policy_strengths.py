"""What a policy does to each image, drawn before any pixel is touched."""

import math

from keras_regkit.augmentation.image import _matrices as m
from keras_regkit.augmentation.image._policy_tables import OPS

# Products like 0.7 · 30 may come out a little below the whole number that they stand for.
_SLACK = 1e-3


def index_of(number, count, ops):
    """Returns whole numbers from 0 to count − 1, all as likely, for a uniform number of each image."""
    return ops.cast(ops.floor(number * count), "int32")


def normal(first, second, ops):
    """Returns a normal number for each pair of uniform ones (Box and Muller)."""
    return ops.sqrt(-2 * ops.log(1 - first)) * ops.cos(2 * math.pi * second)


def strengths(rows, index, level, sign, luck, chosen, ops):
    """Returns how strong each op is for each image; all but one are 0.

    Args:
        rows: `Row`s of a table.
        index: Which row each image takes, `(images,)`, integers.
        level: Level of each image, from 0 to 1; a vector or a number.
        sign: Uniform numbers: below 1/2 for a negative sign where an op has signs.
        luck: Uniform numbers: below the row's probability for an image to be changed.
        chosen: Boolean vector, which images are changed at all, or None for all.
        ops: The functions to compute with.

    Returns:
        A dict from the names of the ops that the table has to vectors.
    """
    columns = [(OPS.index(r.op), r.start, r.change, r.signed, r.whole, r.probability) for r in rows]
    picked = ops.take(ops.convert_to_tensor([[float(x) for x in row] for row in columns], "float32"), index, axis=0)
    op, start, change, signed, whole, probability = (picked[:, k] for k in range(6))
    change = change * level
    change = ops.where(whole > 0, ops.floor(change + _SLACK), change)
    value = start + ops.where(ops.logical_and(sign < 0.5, signed > 0), -change, change)
    if any(row.probability < 1 for row in rows):
        value = ops.where(luck < probability, value, ops.zeros_like(value))
    if chosen is not None:
        value = ops.where(chosen, value, ops.zeros_like(value))
    names = [name for name in OPS[1:] if any(row.op == name for row in rows)]
    return {name: ops.where(ops.equal(op, OPS.index(name)), value, ops.zeros_like(value)) for name in names}


def matrix(strength, sides, frame):
    """Returns where pixels come from, as `Resample` wants it.

    Args:
        strength: What `strengths` returns.
        sides: Width and height in the unit of translations: 1 and 1 where these are in pixels.
        frame: The images.
    """
    ops, (x, y) = frame.ops, frame.center
    cos, sin = 1, 0
    if "rotate" in strength:
        angle = strength["rotate"] * (math.pi / 180)
        cos, sin = ops.cos(angle), ops.sin(angle)
    shear_x, shear_y = strength.get("shear_x", 0), strength.get("shear_y", 0)
    right, down = (
        _pixels(strength.get(f"translate_{axis}", 0), side, ops) for axis, side in zip("xy", sides, strict=True)
    )
    # As only one op is at work in each image, their matrices may be added. As in Pillow, a shear keeps the upper left
    # corner of the image, which is half a pixel away from the middle of the first pixel.
    others = (
        (0, shear_x, m.plus(m.times(0.5, shear_x), right)),
        (shear_y, 0, m.plus(m.times(0.5, shear_y), down)),
        (0, 0, 0),
    )
    return m.add(m.around(((cos, m.times(-1, sin)), (sin, cos)), x, y), others)


def _pixels(share, side, ops):
    """Returns whole pixels, rounded towards 0."""
    if m.is_number(share, 0):
        return 0
    return ops.sign(share) * ops.floor(ops.abs(share) * side + _SLACK)
