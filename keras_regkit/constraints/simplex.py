"""Projection of each unit's weights on the simplex."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint


def project_simplex(columns, total):
    """Returns the nearest columns of nonnegative numbers that sum to `total`.

    Args:
        columns: Matrix.
        total: What each column is to sum to.
    """
    # The projection is the same for shifted columns. With their largest at 0, what is below −total comes out as zero
    # anyway, and the sums below stay small and exact for weights of any size.
    v = ops.maximum(columns - ops.max(columns, axis=0, keepdims=True), -total)
    falling = -ops.sort(-v, axis=0)
    count = ops.cast(ops.arange(1, v.shape[0] + 1), v.dtype)[:, None]
    excess = ops.cumsum(falling, axis=0) - total
    # ρ = max{j: u_j − (Σ_{i≤j} u_i − z) / j > 0}: the condition holds for the first ρ, and for no later one.
    positive = ops.cast(falling * count > excess, v.dtype)
    rho = ops.sum(positive, axis=0, keepdims=True)
    # ρ is at least 1: the largest alone has u − (u − z) = z > 0.
    last = ops.cast(ops.equal(count, rho), v.dtype)
    theta = ops.sum(excess * last, axis=0, keepdims=True) / rho
    return ops.maximum(v - theta, 0)


@keras.saving.register_keras_serializable("keras_regkit")
class Simplex(UnitConstraint):
    """Projects each unit's weights on the simplex: nonnegative, and summing to a given total.

    Use it where the weights of a unit are shares of its inputs: mixtures, attention over fixed slots, ensembles of
    models. Many of them become exactly zero. For the kernel of a depthwise or transposed convolution `kind` must be
    named: the default takes all axes but the last, which is wrong for these.

    With z = `total` and u = v sorted in falling order:

        ρ = max{j: u_j − (Σ_{i≤j} u_i − z) / j > 0},   θ = (Σ_{i≤ρ} u_i − z) / ρ,   P(v) = max(v − θ, 0)

    Args:
        total: What the weights of each unit sum to, > 0. Defaults to 1.
        axis: The axis, or the list of axes, that belong to one unit. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last belong to one unit), `"dense"`, `"conv"`, `"depthwise"`,
            `"conv_transpose"` or `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Duchi et al. 2008, "Efficient Projections onto the l1-Ball for Learning in High Dimensions", figure 1, eq. 3.

    Example:

    >>> import numpy as np
    >>> w = Simplex()(np.array([[0.75], [0.5], [-1.0]], "float32"))
    >>> keras.ops.convert_to_numpy(w).ravel().tolist()
    [0.625, 0.375, 0.0]
    """

    RANGES = {"total": Interval(0, closed="neither"), **UNIT_RANGES}  # noqa: RUF012

    def __init__(self, total: float = 1.0, axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, total=total)
        super().__init__(axis=axis, kind=kind)
        self.total = total

    def project(self, columns):
        return project_simplex(columns, self.total)

    def get_config(self):
        return {"total": self.total, **super().get_config()}
