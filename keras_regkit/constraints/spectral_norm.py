"""A cap on a kernel's largest singular value."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint


def spectral_norm_bound(matrix, iterations):
    """Returns a number that is never below the largest singular value, and above it by very little.

    With G the Gram matrix (WᵀW, or WWᵀ where that is smaller) and 2k-th powers reached by k squarings:

        σ ≤ ‖G^(2ᵏ)‖_F^(1 / 2ᵏ⁺¹) ≤ σ · n^(1 / 2ᵏ⁺²)

    Args:
        matrix: Matrix whose smaller side has length n.
        iterations: Number k of squarings.
    """
    unit = ops.max(ops.abs(matrix))
    unit = ops.where(unit > 0, unit, 1)
    w = matrix / unit
    wide = w.shape[0] < w.shape[1]
    power = ops.matmul(w, ops.transpose(w)) if wide else ops.matmul(ops.transpose(w), w)
    # Every power is kept at norm 1, and what was divided out is remembered as a logarithm.
    norm = _norm(power)
    power, log = power / norm, ops.log(norm)
    for k in range(1, iterations + 1):
        power = ops.matmul(power, power)
        norm = _norm(power)
        power, log = power / norm, log + ops.log(norm) / 2**k
    return unit * ops.exp(log / 2)


def _norm(matrix):
    norm = ops.sqrt(ops.sum(ops.square(matrix)))
    return ops.maximum(norm, 1e-30)


# A regularizer has the same name, and names are looked up without the room they come from.
@keras.saving.register_keras_serializable("keras_regkit", name="SpectralNormConstraint")
class SpectralNorm(UnitConstraint):
    """Caps a kernel's largest singular value, and with it the layer's Lipschitz constant.

    Use it where outputs must not react wildly to small changes of the inputs: critics, robust classifiers, deep stacks
    that explode. Kernels within the cap are left alone; others are scaled down as a whole. Kernels of convolutions are
    taken as the matrix (window · inputs) × filters.

    With c = `max_value` and σ the largest singular value:

        W ← W · min(1, c / σ)

    σ is computed by squaring the Gram matrix `iterations` times, which bounds it from above, so that the cap is kept:
    with 12 squarings and up to 2048 units by a factor of at most 1.0005, where as many power iterations can be far
    below. A squaring costs a product of square matrices of the kernel's smaller side.

    Args:
        max_value: Cap c on the largest singular value, > 0. Defaults to 1.
        iterations: Number of squarings, at least 1; with n the kernel's smaller side, σ is exceeded by a factor of at
            most n^(1 / 2^(iterations + 2)). Defaults to 12.
        axis: The axis, or the list of axes, that make the rows of the matrix. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last make the rows), `"dense"`, `"conv"`, `"depthwise"`, `"conv_transpose"` or
            `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Gouk et al. 2021, "Regularisation of Neural Networks by Enforcing Lipschitz Continuity", section 4.

    Example:

    >>> import numpy as np
    >>> w = SpectralNorm(2.0)(np.diag([4.0, 1.0]).astype("float32"))
    >>> np.abs(keras.ops.convert_to_numpy(w) - np.diag([2.0, 0.5])).max() < 1e-3
    np.True_
    """

    RANGES = {  # noqa: RUF012
        "max_value": Interval(0, closed="neither"),
        "iterations": Interval(1, integer=True),
        **UNIT_RANGES,
    }

    def __init__(self, max_value: float = 1.0, iterations: int = 12, axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, max_value=max_value, iterations=iterations)
        super().__init__(axis=axis, kind=kind)
        self.max_value = max_value
        self.iterations = iterations

    def project(self, columns):
        sigma = spectral_norm_bound(columns, self.iterations)
        return ops.where(sigma > self.max_value, columns / ops.maximum(sigma, self.max_value) * self.max_value, columns)

    def get_config(self):
        return {"max_value": self.max_value, "iterations": self.iterations, **super().get_config()}
