"""The weights of one output unit, as far as the shape of a weight tells."""


def unit_axes(variable):
    """Returns the axes of the weights that belong to one unit; all of them for vectors.

    Kernels have their outputs on the last axis; a unit of an embedding is one of its rows.
    """
    rank = len(variable.shape)
    if rank < 2:
        return tuple(range(rank))
    return (rank - 1,) if is_embedding(variable) else tuple(range(rank - 1))


def is_embedding(variable):
    """Whether the weight is the table of an Embedding layer, as its name says."""
    return variable.path.rpartition("/")[2] == "embeddings"
