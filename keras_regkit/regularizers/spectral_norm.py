"""The spectral norm penalty: a pull on the largest singular value alone."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._matrices import filters_as_columns, largest_direction
from keras_regkit.regularizers._numeric import in_float32


def squared_spectral_norm(matrix, iterations):
    """σ_max² of a matrix by power iteration; never more than it, and its gradient is that of σ_max² once converged."""
    # Multiplying from the shorter side; the direction v is a constant, and d‖Wv‖² = 2 (Wv) vᵀ · dW is the gradient.
    matrix = matrix if matrix.shape[0] >= matrix.shape[1] else ops.transpose(matrix)
    fixed = ops.stop_gradient(matrix)
    transposed = ops.transpose(fixed)
    direction = largest_direction(
        lambda v: ops.matmul(transposed, ops.matmul(fixed, v)), matrix.shape[1], iterations, matrix.dtype
    )
    return ops.sum(ops.square(ops.matmul(matrix, direction)))


# The constraint of the same name is registered under this name.
@keras.saving.register_keras_serializable("keras_regkit", name="SpectralNormPenalty")
class SpectralNorm(keras.regularizers.Regularizer):
    """Pulls on the largest singular value of a kernel, which bounds how much the layer amplifies a disturbance.

    Use it when a model reacts too strongly to small changes of its inputs. Unlike L2 it leaves all smaller singular
    values alone, so the layer keeps its capacity. A convolution kernel is seen as the matrix
    `(height · width · inputs, filters)`, as in the paper.

        R(w) = λ/2 σ_max(W)²

    σ_max comes from power iteration that starts anew, always from the same vector: the value depends on the weights
    alone. It is never too large. For kernels without a dominant direction, such as random ones, 8 iterations leave
    σ_max² up to about 10 % below what it is; more `iterations` come closer.

    Depthwise kernels (h, w, in, mult) and those of transposed convolutions (h, w, out, in) are not supported: their
    filters do not lie along the last axis alone. `constraints.SpectralNorm`
    has a `kind` for them.

    Args:
        strength: λ, in [0, ∞). Defaults to 0.01.
        iterations: Number of power iterations, at least 1. Each costs two products of the kernel with a vector.
            Defaults to 8.

    Call arguments:
        x: Kernel of rank 2 or more, outputs on the last axis.

    Raises:
        ValueError: when called, for a weight of rank 1.

    Reference:
        Yoshida & Miyato 2017, "Spectral Norm Regularization for Improving the Generalizability of Deep Learning",
        eq. 4 and algorithm 1.

    Example:

    >>> round(float(SpectralNorm(0.1)([[3.0, 0.0], [0.0, 1.0]])), 4)
    0.45
    """

    RANGES = {"strength": Interval(0), "iterations": Interval(1, integer=True)}  # noqa: RUF012

    kernel_groups = "outputs"

    def __init__(self, strength: float = 0.01, iterations: int = 8):
        check_arguments(self.RANGES, strength=strength, iterations=iterations)
        self.strength = strength
        self.iterations = iterations

    def __call__(self, x):
        matrix = filters_as_columns(in_float32(x), "SpectralNorm")
        return self.strength / 2 * squared_spectral_norm(matrix, self.iterations)

    def get_config(self):
        return {"strength": self.strength, "iterations": self.iterations}
