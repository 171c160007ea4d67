"""Kernels with orthonormal columns or rows."""

import keras
from keras import ops

from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint


def nearest_orthonormal(matrix):
    """Returns the nearest matrix whose columns (rows, where it is wide) are orthonormal: its polar factor U Vᵀ."""
    # Scaling does not move the polar factor; without it the squares inside could overflow.
    unit = ops.max(ops.abs(matrix))
    u, _, vt = ops.svd(matrix / ops.where(unit > 0, unit, 1), full_matrices=False)
    return ops.matmul(u, vt)


@keras.saving.register_keras_serializable("keras_regkit")
class Orthonormal(UnitConstraint):
    """Replaces a kernel by the nearest one with orthonormal columns, or rows where it has more columns than rows.

    Use it where signals must keep their length through many layers, or units must not repeat each other. It is exact
    where an orthogonality penalty only pulls. Kernels of convolutions are taken as the matrix (window · inputs) ×
    filters. Each step takes a singular value decomposition: it suits kernels of up to some hundred units.

    With W = U Σ Vᵀ:

        W ← U Vᵀ,   the minimizer of ‖W − Q‖_F over all Q with QᵀQ = I

    Args:
        axis: The axis, or the list of axes, that make the rows of the matrix. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last make the rows), `"dense"`, `"conv"`, `"depthwise"`, `"conv_transpose"` or
            `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Higham 1986, "Computing the Polar Decomposition — with Applications", section 2: the polar factor is the nearest
        matrix with orthonormal columns.

    Example:

    >>> import numpy as np
    >>> w = Orthonormal()(np.diag([4.0, 0.1]).astype("float32"))
    >>> np.allclose(keras.ops.convert_to_numpy(w), np.eye(2))
    True
    """

    RANGES = UNIT_RANGES

    def __init__(self, axis: Axis = None, kind: str = "auto"):
        super().__init__(axis=axis, kind=kind)

    def project(self, columns):
        return nearest_orthonormal(columns)
