"""The inputs of a batch that can be moved a little: those that are floats."""

import functools

import keras
from keras import ops

from keras_regkit._core.cut_points import consumers_of_inputs
from keras_regkit.training._outputs import sum_of_squares


class MovableInputs:
    """The inputs of a batch, as tensors in the dtypes in which `model` takes them.

    Args:
        method: Name of the method that moves them, for the message.
        model: The user's model.
        x: The inputs as they come, a nested structure of arrays or tensors.

    Raises:
        ValueError: there are none but integers, or they go into an embedding.
    """

    def __init__(self, method, model, x):
        self._structure = x
        self._leaves = as_declared(model, x)
        self._movable = [is_float(leaf) for leaf in self._leaves]
        embedding = next((c for c in consumers_of_inputs(model) if isinstance(c, keras.layers.Embedding)), None)
        if not any(self._movable) or (embedding is not None and len(self._leaves) == 1):
            reason = "are integers" if embedding is None else f"go into the embedding {embedding.name!r}"
            raise ValueError(
                f"The inputs must be floats: {method} moves them a little. Received: inputs of {model.name!r} that "
                f"{reason}. Make a model of the layers behind its embeddings, and train that one"
            )

    @property
    def floats(self):
        """The tensors that can be moved, as a list."""
        return [leaf for leaf, movable in zip(self._leaves, self._movable, strict=True) if movable]

    @property
    def rows(self):
        """The number of samples, a float32 scalar."""
        return ops.cast(ops.shape(self._leaves[0])[0], "float32")

    def with_floats(self, moved):
        """Returns the inputs in the structure in which they came, the movable ones replaced by `moved`."""
        moved = iter(moved)
        leaves = [next(moved) if movable else leaf for leaf, movable in zip(self._leaves, self._movable, strict=True)]
        return keras.tree.pack_sequence_as(self._structure, leaves)

    def shifted(self, steps):
        """Returns the inputs in their structure, with `steps` added to the movable ones."""
        floats = zip(self.floats, steps, strict=True)
        return self.with_floats([leaf + ops.cast(step, leaf.dtype) for leaf, step in floats])


def as_declared(model, x):
    """Returns the leaves of `x` as tensors; integers as floats where the model says that it takes floats."""
    leaves = [ops.convert_to_tensor(leaf) for leaf in keras.tree.flatten(x)]
    declared = getattr(model, "inputs", None)
    if not isinstance(declared, list) or len(declared) != len(leaves):
        return leaves
    return [
        ops.cast(leaf, wanted.dtype) if is_float(wanted) and not is_float(leaf) else leaf
        for leaf, wanted in zip(leaves, declared, strict=True)
    ]


def is_float(tensor):
    """Whether a tensor holds floats."""
    return keras.backend.is_float_dtype(keras.backend.standardize_dtype(tensor.dtype))


def unit_vectors(tensors):
    """Returns float32 tensors scaled so that each sample, all the tensors together, has norm 1; zeros stay zeros.

    Args:
        tensors: List of tensors `(batch, ...)`.
    """
    flat = [ops.reshape(ops.cast(t, "float32"), (ops.shape(t)[0], -1)) for t in tensors]
    # First by the largest number: the squares of tiny ones would be zero.
    largest = functools.reduce(ops.maximum, [ops.max(ops.abs(t), axis=1, keepdims=True) for t in flat])
    flat = [t / ops.maximum(largest, 1e-30) for t in flat]
    norm = ops.sqrt(ops.expand_dims(sum(sum_of_squares(t) for t in flat), 1))
    return [ops.reshape(f / ops.maximum(norm, 1e-12), ops.shape(t)) for f, t in zip(flat, tensors, strict=True)]


def unit_directions(shapes, seed):
    """Returns random float32 directions, uniform on the unit sphere of all numbers of a sample together.

    Args:
        shapes: Shapes of the tensors that make up the samples, `(batch, ...)`.
        seed: A SeedGenerator.
    """
    return unit_vectors([keras.random.normal(shape, dtype="float32", seed=seed) for shape in shapes])
