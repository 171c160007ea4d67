"""Keeping the largest weights of each column."""

from keras import ops


def keep_largest(columns, count):
    """Returns the columns with all but their `count` largest numbers by absolute value set to zero; ties are broken."""
    # The rank of a number is its place in the order, which is the inverse of the permutation that sorts.
    order = ops.argsort(-ops.abs(columns), axis=0)
    rank = ops.argsort(order, axis=0)
    return ops.where(rank < count, columns, 0)
