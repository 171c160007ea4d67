"""Four ways to pull the filters of a kernel towards an orthonormal set."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit.regularizers._matrices import filters_as_columns, largest_direction
from keras_regkit.regularizers._numeric import in_float32, magnitude, safe_sqrt


def soft(matrix):
    """‖WᵀW − I‖²_F over the columns, or over the rows where there are fewer of them.

    The two sides differ by a constant, the difference of the sides; only on the shorter one can it become 0.
    """
    return ops.sum(ops.square(_gram_error(_tall(matrix))))


def double_soft(matrix):
    """‖WᵀW − I‖²_F + ‖WWᵀ − I‖²_F: both sides, the longer one from the shorter."""
    rows, columns = matrix.shape
    return 2 * soft(matrix) + abs(rows - columns)


def mutual_coherence(matrix):
    """max |WᵀW − I|, the largest entry: the two filters that are most alike, or a filter that is far from unit norm."""
    return ops.max(magnitude(_gram_error(matrix)))


def srip(matrix, iterations):
    """σ_max(WᵀW − I) by power iteration, over the columns, or over the rows where there are fewer of them."""
    matrix = _tall(matrix)
    fixed = ops.stop_gradient(matrix)
    v = largest_direction(lambda v: _apply_gram_error(fixed, v), matrix.shape[1], iterations, matrix.dtype)
    return safe_sqrt(ops.sum(ops.square(_apply_gram_error(matrix, v))))


def _tall(matrix):
    return matrix if matrix.shape[0] >= matrix.shape[1] else ops.transpose(matrix)


def _gram_error(matrix):
    return ops.matmul(ops.transpose(matrix), matrix) - ops.eye(matrix.shape[1], dtype=matrix.dtype)


def _apply_gram_error(matrix, v):
    return ops.matmul(ops.transpose(matrix), ops.matmul(matrix, v)) - v


@keras.saving.register_keras_serializable("keras_regkit")
class Orthogonal(keras.regularizers.Regularizer):
    """Pulls the filters of a kernel towards unit norm and right angles.

    Use it in deep networks, where it keeps signals and gradients from growing or vanishing, and filters from repeating
    one another. It works on convolution kernels, seen as the matrix W of shape `(height · width · inputs, filters)`;
    the regularizer of Keras takes matrices only.

        "soft":               R(w) = λ ‖WᵀW − I‖²_F
        "double_soft":        R(w) = λ (‖WᵀW − I‖²_F + ‖WWᵀ − I‖²_F)
        "mutual_coherence":   R(w) = λ max |WᵀW − I|
        "srip":               R(w) = λ σ_max(WᵀW − I)

    A kernel with more filters than rows cannot have orthonormal filters. There `"soft"` and `"srip"` take WWᵀ for WᵀW:
    for `"soft"` the gradient is the same, and the value can reach 0. For the same reason `"double_soft"` equals twice
    `"soft"` and a constant.

    Depthwise kernels (h, w, in, mult) and those of transposed convolutions (h, w, out, in) are not supported: their
    filters do not lie along the last axis alone. `constraints.Orthonormal` has a `kind` for them.

    Args:
        strength: λ, in [0, ∞). Defaults to 0.001.
        mode: One of the four above. Defaults to `"soft"`.
        iterations: Number of power iterations of `"srip"`, at least 1. They start anew, always from the same vector.
            Defaults to 8.

    Call arguments:
        x: Kernel of rank 2 or more, outputs on the last axis.

    Raises:
        ValueError: when called, for a weight of rank 1.

    Reference:
        Bansal et al. 2018, "Can We Gain More from Orthogonality Regularizations in Training Deep CNNs?", eq. 2, 4, 8
        and 11.

    Example:

    >>> kernel = [[1.0, 1.0], [0.0, 0.0]]
    >>> [round(float(Orthogonal(1.0, mode)(kernel)), 3) for mode in ("soft", "double_soft", "mutual_coherence", "srip")]
    [2.0, 4.0, 1.0, 1.0]
    """

    RANGES = {  # noqa: RUF012
        "strength": Interval(0),
        "mode": OneOf("soft", "double_soft", "mutual_coherence", "srip"),
        "iterations": Interval(1, integer=True),
    }

    kernel_groups = "outputs"

    def __init__(self, strength: float = 0.001, mode: str = "soft", iterations: int = 8):
        check_arguments(self.RANGES, strength=strength, mode=mode, iterations=iterations)
        self.strength = strength
        self.mode = mode
        self.iterations = iterations

    def __call__(self, x):
        matrix = filters_as_columns(in_float32(x), "Orthogonal")
        if self.mode == "srip":
            return self.strength * srip(matrix, self.iterations)
        functions = {"soft": soft, "double_soft": double_soft, "mutual_coherence": mutual_coherence}
        return self.strength * functions[self.mode](matrix)

    def get_config(self):
        return {"strength": self.strength, "mode": self.mode, "iterations": self.iterations}
