"""Arrays inside a config: plain JSON that holds every bit of a float32 array."""

import base64
import zlib

import numpy as np
from keras import ops


def encode_array(array):
    """Returns `{"shape": [...], "float32": text}` for an array: its compressed bytes, in base64.

    >>> decode_array(encode_array(np.array([[0.1, 0.2]], "float32")))
    array([[0.1, 0.2]], dtype=float32)
    """
    array = np.asarray(array, dtype="<f4")
    # Weights hardly compress: the lightest setting is as good as the heaviest, and many times faster.
    text = base64.b64encode(zlib.compress(array.tobytes(), 1)).decode("ascii")
    return {"shape": list(array.shape), "float32": text}


def decode_array(record):
    """Returns the float32 array that `encode_array` wrote."""
    data = zlib.decompress(base64.b64decode(record["float32"]))
    return np.frombuffer(data, dtype="<f4").reshape(record["shape"]).astype("float32")


def read_array(name, value):
    """Returns a float32 copy of `value`: an array, a tensor, a variable, nested lists, or what `encode_array` made.

    Raises:
        TypeError: `value` is nothing of that kind.
        ValueError: it holds NaN or infinite numbers.
    """
    if isinstance(value, dict) and set(value) == {"shape", "float32"}:
        return decode_array(value)
    if isinstance(value, str | dict | bool | None):
        raise TypeError(f"`{name}` must be an array of numbers. Received: {value!r} of type {type(value).__name__}")
    array = np.asarray(ops.convert_to_numpy(value))
    if array.dtype.kind not in "fiu" and array.dtype.name != "bfloat16":
        raise TypeError(f"`{name}` must be an array of numbers. Received: an array of dtype {array.dtype}")
    array = np.array(array, dtype="float32")
    if not np.isfinite(array).all():
        raise ValueError(f"`{name}` must be finite. Received: an array with {(~np.isfinite(array)).sum()} NaN or inf")
    return array


def expect_shape(name, array, x):
    """Raises `ValueError` unless `array` has the shape of the weight `x` that it belongs to."""
    if tuple(array.shape) != tuple(x.shape):
        raise ValueError(
            f"`{name}` must have the shape of the weight it belongs to, {tuple(x.shape)}. Received: shape "
            f"{tuple(array.shape)}. Give every weight a regularizer of its own, made with its own `{name}`"
        )
