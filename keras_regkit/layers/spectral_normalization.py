"""Kernels divided by their largest singular value."""

import math
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.kernel_axes import as_matrix
from keras_regkit.layers._reparametrized import Reparametrized

# Iterations when the layer is built, as in PyTorch's parametrization: the first steps need a good start.
_FIRST_ITERATIONS = 15


def power_iteration(matrix, u, iterations):
    """Returns the singular vectors (u, v) of the largest singular value, approached from `u`.

    Args:
        matrix: Matrix W, a column per unit.
        u: Vector with an entry per column.
        iterations: How often v ← W u / ‖W u‖ and u ← Wᵀ v / ‖Wᵀ v‖.
    """
    v = None
    for _ in range(iterations):
        v = _unit(ops.matmul(matrix, u[:, None])[:, 0])
        new = ops.matmul(ops.transpose(matrix), v[:, None])[:, 0]
        # A kernel of zeros has no direction: the one from before is kept for later.
        u = ops.where(ops.any(new != 0), _unit(new), u)
    return u, v


def _unit(vector):
    norm = ops.sqrt(ops.sum(ops.square(vector)))
    return vector / ops.where(norm > 0, norm, 1)


@keras.saving.register_keras_serializable("keras_regkit")
class SpectralNormalization(Reparametrized):
    """Computes with a kernel divided by its largest singular value, so that the layer's Lipschitz constant is 1.

    Use it in the critics of GANs and wherever outputs must not react wildly to small changes of the inputs. Keras' own
    layer of this name overwrites the kernel in every training step; this one leaves the variable alone and divides in
    the computation, so that its gradient sees σ, and optimizers, averaging and weight decay see a kernel that only they
    change. Kernels of convolutions are taken as the matrix (window · inputs) × filters.

    With u kept from step to step, in each training step

        v ← W u / ‖W u‖₂,   u ← Wᵀ v / ‖Wᵀ v‖₂,   σ = vᵀ W u,   W_SN = W / σ

    and at inference the same from the u that training left, which stays.

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, Conv, DepthwiseConv, ConvTranspose, or your own
            (then all axes but the last are taken to be a unit's inputs).
        power_iterations: Iterations in a step, at least 1. Defaults to 1; 15 are done when the layer is built.
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: As `layer` takes them.
        training: Python boolean: whether u is updated. It is not where the layer is frozen (`trainable = False`).

    Returns:
        What `layer` returns.

    Raises:
        ValueError: `layer` is no layer; when built, it has no kernel.

    Reference:
        Miyato et al. 2018, "Spectral Normalization for Generative Adversarial Networks", eq. 8 and algorithm 1.

    Example:

    >>> import numpy as np
    >>> layer = SpectralNormalization(keras.layers.Dense(2, use_bias=False))
    >>> layer(np.eye(2)).shape == (2, 2)
    True
    >>> bool(abs(np.linalg.norm(keras.ops.convert_to_numpy(layer(np.eye(2))), 2) - 1) < 0.01)
    True
    """

    RANGES = {"power_iterations": Interval(1, integer=True)}  # noqa: RUF012

    def __init__(self, layer: keras.layers.Layer, power_iterations: int = 1, **kwargs: Any):
        check_arguments(self.RANGES, power_iterations=power_iterations)
        super().__init__(layer, **kwargs)
        self.power_iterations = power_iterations

    def build(self, input_shape):
        super().build(input_shape)
        shape = tuple(self.layer.kernel.shape)
        units = [size for axis, size in enumerate(shape) if axis not in self.input_axes]
        self.u = self.add_weight(
            shape=(math.prod(units),),
            initializer=self._initial_u,
            name="u",
            trainable=False,
            autocast=False,
        )

    def _initial_u(self, shape, dtype=None):
        # Any direction will do that is not orthogonal to the one looked for; a random one never is.
        matrix = as_matrix(self.stored_kernel(), self.input_axes)
        start = keras.random.normal(shape, dtype=matrix.dtype, seed=0)
        return ops.cast(power_iteration(matrix, _unit(start), _FIRST_ITERATIONS)[0], dtype)

    def effective_kernel(self, training):
        kernel = self.stored_kernel()
        matrix = as_matrix(kernel, self.input_axes)
        u, v = power_iteration(ops.stop_gradient(matrix), ops.cast(self.u, matrix.dtype), self.power_iterations)
        u, v = ops.stop_gradient(u), ops.stop_gradient(v)
        if training and self.trainable:
            self.u.assign(ops.cast(u, self.u.dtype))
        sigma = ops.sum(v * ops.matmul(matrix, u[:, None])[:, 0])
        return kernel / ops.where(sigma > 0, sigma, 1)

    def get_config(self):
        return {**super().get_config(), "power_iterations": self.power_iterations}
