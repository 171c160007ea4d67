"""Kernels with mean 0 and variance 1 per output unit."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.layers._reparametrized import Reparametrized


def standardize(v, axes, epsilon):
    """Returns the kernel with mean 0 and variance 1 over the weights of each unit.

    Args:
        v: Kernel.
        axes: The axes that belong to one unit.
        epsilon: Added to the variance.
    """
    centred = v - ops.mean(v, axis=axes, keepdims=True)
    return centred * ops.rsqrt(ops.mean(ops.square(centred), axis=axes, keepdims=True) + epsilon)


@keras.saving.register_keras_serializable("keras_regkit")
class WeightStandardization(Reparametrized):
    """Computes with a kernel whose weights have mean 0 and variance 1 in each output unit.

    Use it on convolutions followed by group normalization, where batches are too small for batch normalization. A
    normalization must follow: weights of variance 1 make outputs that grow with the number of inputs.

    For the I weights W_i of each output unit:

        Ŵ_i = (W_i − μ) / √(σ² + ε),   μ = Σ W_i / I,   σ² = Σ (W_i − μ)² / I

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, Conv, DepthwiseConv, ConvTranspose, or your own
            (then all axes but the last are taken to be a unit's inputs).
        epsilon: Added to the variance, > 0. Defaults to 1e-5.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: As `layer` takes them.
        training: Python boolean, handed on to `layer`.

    Returns:
        What `layer` returns.

    Raises:
        ValueError: `layer` is no layer; when built, it has no kernel, or units with a single weight.

    Reference:
        Qiao et al. 2019, "Micro-Batch Training with Batch-Channel Normalization and Weight Standardization", section 3.

    Example:

    >>> import numpy as np
    >>> layer = WeightStandardization(keras.layers.Conv2D(4, 3, use_bias=False))
    >>> layer(np.ones((1, 8, 8, 2))).shape == (1, 6, 6, 4)
    True
    >>> float(abs(keras.ops.convert_to_numpy(layer(np.ones((1, 8, 8, 2)))).max())) < 1e-4  # weights of mean 0
    True
    """

    RANGES = {"epsilon": Interval(0, closed="neither")}  # noqa: RUF012

    def __init__(self, layer: keras.layers.Layer, epsilon: float = 1e-5, **kwargs: Any):
        check_arguments(self.RANGES, epsilon=epsilon)
        super().__init__(layer, **kwargs)
        self.epsilon = epsilon

    def build(self, input_shape):
        super().build(input_shape)
        shape = tuple(self.layer.kernel.shape)
        if all(shape[axis] == 1 for axis in self.input_axes):
            raise ValueError(
                "WeightStandardization needs at least 2 weights per output unit: one alone less its mean is 0. "
                f"Received: {self.layer.name!r}, whose kernel has shape {shape}. Leave this layer as it is"
            )

    def effective_kernel(self, training):
        return standardize(self.stored_kernel(), self.input_axes, self.epsilon)

    def get_config(self):
        return {**super().get_config(), "epsilon": self.epsilon}
