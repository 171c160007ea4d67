"""Convolutions as matrix products of patches, which XLA runs many times faster in a loop on a CPU."""

import contextlib
import functools

import jax.numpy as jnp
import keras

from keras_regkit._core.tracking import all_layers


@contextlib.contextmanager
def by_patches(model):
    """Within, the plain 2D convolutions of `model` are computed from patches: one gather, one matrix product."""
    layers = [layer for layer in all_layers(model) if _is_plain(layer)]
    for layer in layers:
        layer.convolution_op = functools.partial(_convolve, layer)
    try:
        yield
    finally:
        for layer in layers:
            del layer.convolution_op


def _is_plain(layer):
    return (
        type(layer) is keras.layers.Conv2D
        and layer.groups == 1
        and layer.data_format == "channels_last"
        and layer.padding in ("same", "valid")
    )


def _convolve(layer, inputs, kernel):
    kernel = keras.ops.convert_to_tensor(kernel)
    size, outputs = kernel.shape[:2], kernel.shape[3]
    if layer.padding == "same":
        lengths = [-(-n // s) for n, s in zip(inputs.shape[1:3], layer.strides, strict=True)]
        pads = [
            max((length - 1) * s + (k - 1) * d + 1 - n, 0)
            for length, s, k, d, n in zip(
                lengths, layer.strides, size, layer.dilation_rate, inputs.shape[1:3], strict=True
            )
        ]
        inputs = jnp.pad(inputs, ((0, 0), *((p // 2, p - p // 2) for p in pads), (0, 0)))
    else:
        lengths = [
            (n - (k - 1) * d - 1) // s + 1
            for n, s, k, d in zip(inputs.shape[1:3], layer.strides, size, layer.dilation_rate, strict=True)
        ]

    def shifted(i, j):
        starts = (i * layer.dilation_rate[0], j * layer.dilation_rate[1])
        rows, columns = (
            slice(start, start + (length - 1) * s + 1, s)
            for start, length, s in zip(starts, lengths, layer.strides, strict=True)
        )
        return inputs[:, rows, columns, :]

    patches = jnp.concatenate([shifted(i, j) for i in range(size[0]) for j in range(size[1])], -1)
    flat = patches.reshape(-1, patches.shape[-1]) @ kernel.reshape(-1, outputs)
    return flat.reshape(inputs.shape[0], *lengths, outputs)
