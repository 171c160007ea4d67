"""Texts in every form they come in, as a list of strings, and back."""

import numpy as np


def unpack(inputs, layer):
    """Returns a list of strings, and the function that gives such a list the form of the inputs.

    Args:
        inputs: A string, bytes, a list or tuple of them, or an array of strings, bytes or objects, of any shape.
        layer: Name of the layer, for errors.

    Raises:
        TypeError: something is not a text.
    """
    if isinstance(inputs, str | bytes):
        decoded, pack = _decoded([inputs], layer)
        return decoded, lambda texts: pack(texts)[0]
    if isinstance(inputs, list | tuple):
        decoded, pack = _decoded(inputs, layer)
        return decoded, (lambda texts: tuple(pack(texts))) if isinstance(inputs, tuple) else pack
    if isinstance(inputs, np.ndarray) and inputs.dtype.kind in "USOT":
        return _of_array(inputs, layer)
    kind = f"an array of {inputs.dtype}" if hasattr(inputs, "dtype") else type(inputs).__name__
    raise TypeError(
        f"Layer {layer!r} takes a str, a list of str, an array of strings, or a TensorFlow tensor of strings; "
        f"`list(column)` makes one of a table's column. Received: {kind}"
    )


def is_python(inputs):
    """Whether the inputs are no tensors."""
    return isinstance(inputs, str | bytes | list | tuple | np.ndarray)


def decode(value):
    """Returns bytes as a string. What is no UTF-8 is kept, so that `encode` gives the same bytes again."""
    return value.decode("utf-8", "surrogateescape")


def encode(text):
    """Returns a string as bytes."""
    return text.encode("utf-8", "surrogateescape")


def _of_array(array, layer):
    decoded, pack = _decoded(array.ravel().tolist(), layer)

    def packed(texts):
        new = np.empty(array.size, dtype=object)
        new[:] = pack(texts)
        # Not the old dtype of fixed length: what grew longer would be cut.
        return new.astype(array.dtype.kind if array.dtype.kind in "US" else array.dtype).reshape(array.shape)

    return decoded, packed


def _decoded(values, layer):
    """Returns values as strings, and the function that makes bytes again of those that were bytes."""
    values = list(values)
    if all(type(value) is str for value in values):
        return values, list
    for index, value in enumerate(values):
        if not isinstance(value, str | bytes):
            raise TypeError(
                f"Layer {layer!r} takes texts alone. Received: {value!r:.80} of type {type(value).__name__} at "
                f"position {index}. Put '' for what is missing"
            )
    were_bytes = [isinstance(value, bytes) for value in values]
    decoded = [decode(value) if isinstance(value, bytes) else str(value) for value in values]
    return decoded, lambda texts: [encode(t) if b else t for t, b in zip(texts, were_bytes, strict=True)]
