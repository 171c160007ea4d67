"""What comes to an augmentation layer of signals, rows or ids, and what goes out."""

import dataclasses
import difflib
from typing import Any

import keras


@dataclasses.dataclass(frozen=True)
class Samples:
    """A batch of samples, and what came with them.

    Args:
        x: `(batch, *sample)`.
        mask: Boolean `(batch, steps)`, False where a step is padding, or None.
        others: Dict with what passes through.
        key: Name of the samples in a dict.
    """

    x: Any
    mask: Any
    others: dict
    key: str
    was_dict: bool
    was_single: bool

    def packed(self, x):
        """Returns what the layer hands on, of the form that came."""
        x = x[0] if self.was_single else x
        return {**self.others, self.key: x} if self.was_dict else x


def unpack(inputs, mask, layer, ops):
    """Returns the `Samples` of what came to a layer.

    Args:
        inputs: A tensor, or a dict with the layer's `key` and perhaps `lengths` or `mask`.
        mask: What Keras knows of padding, of the structure of the inputs, or None.
        layer: The layer, with `key`, `ranks` and `shapes`.
        ops: The functions to compute with.

    Raises:
        TypeError: the samples are of the wrong dtype.
        ValueError: there are no samples, or they have the wrong rank, or lengths do not go with them.
    """
    was_dict = isinstance(inputs, dict)
    others = dict(inputs) if was_dict else {}
    x = others.pop(layer.key, inputs) if was_dict else inputs
    check_samples(x, layer)
    _check_keys(others, layer)
    was_single = len(x.shape) == min(layer.ranks)
    mask = _padding(mask.get(layer.key) if isinstance(mask, dict) else mask, others, x, was_single, layer, ops)
    if was_single:
        x, mask = x[None], None if mask is None else mask[None]
    return Samples(x, mask, others, layer.key, was_dict, was_single)


def check_samples(x, layer):
    """Raises `TypeError` or `ValueError` where samples are not what the layer takes."""
    if isinstance(x, dict):
        raise ValueError(
            f"Layer {layer.name!r} takes {layer.key}, or a dict with {layer.key!r} and whatever goes along. "
            f"Received a dict with: {sorted(map(str, x))}"
        )
    if not hasattr(x, "shape") or not hasattr(x, "dtype"):
        raise TypeError(f"Layer {layer.name!r} takes one tensor of {layer.shapes}. Received: {type(x).__name__}")
    # Symbolic tensors of Keras have the attribute too, with None.
    if getattr(x, "ragged_rank", None) is not None:
        raise TypeError(
            f"Layer {layer.name!r} takes dense tensors of {layer.shapes}. Received: a ragged one. Pad it before, with "
            "`ragged.to_tensor()`, and put `ragged.row_lengths()` beside it as 'lengths'"
        )
    batched = [rank + 1 for rank in layer.ranks]
    if len(x.shape) not in (min(layer.ranks), *batched) or 0 in tuple(x.shape):
        raise ValueError(
            f"Layer {layer.name!r} takes {layer.key} of shape {layer.shapes}, with no size of 0. "
            f"Received: shape {tuple(x.shape)}"
        )
    dtype = keras.backend.standardize_dtype(x.dtype)
    if not any(kind in dtype for kind in layer.kinds):
        raise TypeError(
            f"Layer {layer.name!r} takes {layer.key} of dtype {' or '.join(layer.kinds)}. Received: {dtype}"
        )


def _check_keys(others, layer):
    """Raises `ValueError` where a key is nearly one that means something: it would pass through, and do nothing."""
    for key in others:
        meant = difflib.get_close_matches(str(key), ("lengths", "mask"), n=1, cutoff=0.8)
        if key not in ("lengths", "mask") and meant:
            raise ValueError(
                f"Layer {layer.name!r} takes 'lengths' or a 'mask' to know what is padding. Received a dict with "
                f"{key!r}. Did you mean {meant[0]!r}? What passes through needs a name that is less like it"
            )


def _padding(mask, others, x, was_single, layer, ops):
    """Returns the mask of steps, from Keras or from what came in the dict."""
    if mask is None and "mask" in others:
        mask = ops.cast(ops.convert_to_tensor(others["mask"]), "bool")
    if mask is None and "lengths" in others:
        lengths = ops.cast(ops.convert_to_tensor(others["lengths"]), "int32")
        if len(lengths.shape) != (0 if was_single else 1):
            raise ValueError(
                f"Layer {layer.name!r} takes 'lengths' with one number for each sample. "
                f"Received: lengths of shape {tuple(lengths.shape)} for {layer.key} of shape {tuple(x.shape)}"
            )
        steps = ops.shape(x)[0 if was_single else 1]
        mask = ops.arange(0, steps, dtype="int32") < lengths[..., None]
    if mask is not None and not _goes_with(mask.shape, x.shape[: 1 if was_single else 2]):
        raise ValueError(
            f"Layer {layer.name!r} takes a mask of shape (batch, steps), or 'lengths' of shape (batch,). Received: "
            f"a mask of shape {tuple(mask.shape)} for {layer.key} of shape {tuple(x.shape)}"
        )
    return mask


def _goes_with(shape, wanted):
    """Whether two shapes may be the same, as far as they are known."""
    return len(shape) == len(wanted) and all(a == b for a, b in zip(shape, wanted, strict=True) if None not in (a, b))
