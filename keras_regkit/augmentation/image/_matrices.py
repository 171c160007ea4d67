"""Small matrices per image, as nested tuples: entries are numbers, or vectors with one number per image.

A number 0 or 1 costs nothing where it is multiplied, so a chain of affine maps never computes the row that makes
it a projective one.
"""

IDENTITY = ((1, 0, 0), (0, 1, 0), (0, 0, 1))


def multiply(left, right):
    """Returns the product of two 3 × 3 matrices."""
    return tuple(tuple(_dot(row, column) for column in zip(*right, strict=True)) for row in left)


def apply(matrix, vector):
    """Returns the product of a 3 × 3 matrix and a vector of 3."""
    return tuple(_dot(row, vector) for row in matrix)


def add(left, right):
    """Returns the sum, entry by entry."""
    return tuple(tuple(plus(a, b) for a, b in zip(*rows, strict=True)) for rows in zip(left, right, strict=True))


def scale(factor, matrix):
    """Returns the matrix, each entry times `factor`."""
    return tuple(tuple(times(factor, entry) for entry in row) for row in matrix)


def shift(x, y):
    """Returns the 3 × 3 matrix that adds to points."""
    return (1, 0, x), (0, 1, y), (0, 0, 1)


def stretch(x, y):
    """Returns the 3 × 3 matrix that multiplies points."""
    return (x, 0, 0), (0, y, 0), (0, 0, 1)


def around(linear, x, y):
    """Returns the 3 × 3 matrix of a 2 × 2 matrix that leaves the point (x, y) where it is."""
    (a, b), (c, d) = linear
    return (
        (a, b, plus(x, times(-1, plus(times(a, x), times(b, y))))),
        (c, d, plus(y, times(-1, plus(times(c, x), times(d, y))))),
        (0, 0, 1),
    )


def adjugate(m):
    """Returns the inverse times the determinant: as good as the inverse where the scale of a point is divided out."""
    (a, b, c), (d, e, f), (g, h, i) = m

    def minor(p, q, r, s):
        return plus(times(p, s), times(-1, times(q, r)))

    return (
        (minor(e, f, h, i), minor(c, b, i, h), minor(b, c, e, f)),
        (minor(f, d, i, g), minor(a, c, g, i), minor(c, a, f, d)),
        (minor(d, e, g, h), minor(b, a, h, g), minor(a, b, d, e)),
    )


def determinant(m):
    """Returns the determinant of a 3 × 3 matrix."""
    return _dot(m[0], tuple(row[0] for row in adjugate(m)))


def inverse(ops, m):
    """Returns the inverse; where there is none, some finite matrix."""
    size = determinant(m)
    if isinstance(size, int | float):
        return scale(1 / (size or 1e-12), adjugate(m))
    small = ops.less(ops.abs(size), 1e-12)
    return scale(1 / ops.where(small, 1e-12 * ops.ones_like(size), size), adjugate(m))


def where(ops, chosen, left, right):
    """Returns entry by entry that of `left` where an image is chosen, else that of `right`."""
    return tuple(
        tuple(_choose(ops, chosen, a, b) for a, b in zip(*rows, strict=True)) for rows in zip(left, right, strict=True)
    )


def is_affine(matrix):
    """Whether the last row is known to be 0, 0, 1."""
    return all(is_number(entry, number) for entry, number in zip(matrix[2], (0, 0, 1), strict=True))


def stack(ops, matrix, like):
    """Returns a float32 tensor `(images, rows, columns)`; `like` is a vector with one number per image."""
    ones = ops.ones_like(like)
    return ops.stack([ops.stack([ones * entry for entry in row], axis=-1) for row in matrix], axis=-2)


def plus(a, b):
    if is_number(a, 0):
        return b
    return a if is_number(b, 0) else a + b


def times(a, b):
    if is_number(a, 0) or is_number(b, 0):
        return 0
    if is_number(a, 1):
        return b
    return a if is_number(b, 1) else a * b


def _dot(row, column):
    total = 0
    for a, b in zip(row, column, strict=True):
        total = plus(total, times(a, b))
    return total


def _choose(ops, chosen, a, b):
    if isinstance(a, int | float) and isinstance(b, int | float):
        if a == b:
            return a
        # Of two plain numbers, Keras would make a tensor of `floatx`, and all others are float32.
        a = ops.convert_to_tensor(float(a), dtype="float32")
    return ops.where(chosen, a, b)


def is_number(entry, number):
    """Whether an entry is known to be this number for all images."""
    return isinstance(entry, int | float) and entry == number
