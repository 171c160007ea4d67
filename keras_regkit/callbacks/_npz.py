"""Weights as bytes."""

import io

import numpy as np


def pack(weights):
    """Returns the bytes of an npz file. Types NumPy cannot store (bfloat16) go as bits beside their name."""
    arrays = {"dtypes": np.array([weight.dtype.name for weight in weights], dtype=str)}
    for index, weight in enumerate(weights):
        native = weight.dtype.isbuiltin == 1
        arrays[str(index)] = weight if native else weight.view(f"u{weight.dtype.itemsize}")
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    return buffer.getvalue()


def unpack(content):
    """Returns the list of arrays that `pack` was given."""
    with np.load(io.BytesIO(content)) as arrays:
        names = arrays["dtypes"].tolist()
        return [arrays[str(index)].view(np.dtype(name)) for index, name in enumerate(names)]
