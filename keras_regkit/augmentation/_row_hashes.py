"""Which rows of two datasets are equal."""

import hashlib

import keras
import numpy as np


def equal_rows(ours, theirs):
    """Returns the numbers of rows of `theirs` that are rows of `ours`, and of those they equal first.

    Args:
        ours, theirs: Arrays, or structures of arrays, of the same form. Numbers are compared in the coarser precision.

    >>> equal_rows(np.array([[1.0, 2.0], [3.0, 4.0]]), np.array([[3.0, 4.0], [5.0, 6.0]], "float32"))
    ([0], [1])
    """
    ours, theirs = keras.tree.flatten(ours), keras.tree.flatten(theirs)
    pairs = [_alike(a, b) for a, b in zip(ours, theirs, strict=True)]
    known = {}
    for row, digest in enumerate(_digests([a for a, _ in pairs])):
        known.setdefault(digest, row)
    found = [(row, known[digest]) for row, digest in enumerate(_digests([b for _, b in pairs])) if digest in known]
    return [row for row, _ in found], [row for _, row in found]


def _alike(a, b):
    """Returns two arrays in one dtype."""
    if a.dtype.kind not in "biuf" or b.dtype.kind not in "biuf":
        return a, b
    floats = [array.dtype for array in (a, b) if array.dtype.kind == "f"]
    dtype = min(floats, key=lambda dtype: dtype.itemsize) if floats else np.result_type(a, b)
    # Adding 0 makes one of the two zeros that floats have.
    return a.astype(dtype) + dtype.type(0), b.astype(dtype) + dtype.type(0)


def _digests(arrays):
    """Yields a hash for each row."""
    for row in zip(*map(_rows, arrays), strict=True):
        digest = hashlib.blake2b(digest_size=16)
        for part in row:
            digest.update(part)
        yield digest.digest()


def _rows(array):
    """Yields the bytes of each row."""
    if array.dtype.kind in "biuf":
        flat = np.ascontiguousarray(array).reshape(len(array), -1)
        yield from map(memoryview, flat)
    else:
        for row in array.reshape(len(array), -1).tolist():
            # Their lengths keep apart what would be the same one after the other.
            yield "".join(f"{len(str(value))}:{value}" for value in row).encode("utf-8", "surrogateescape")
