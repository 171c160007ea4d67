"""Projection of each unit's weights on the L1 ball."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint
from keras_regkit.constraints.simplex import project_simplex


def project_l1_ball(columns, radius):
    """Returns the nearest columns whose absolute values sum to `radius` or less.

    Args:
        columns: Matrix.
        radius: Radius of the ball.
    """
    size = ops.abs(columns)
    outside = ops.sum(size, axis=0, keepdims=True) > radius
    return ops.where(outside, ops.sign(columns) * project_simplex(size, radius), columns)


@keras.saving.register_keras_serializable("keras_regkit")
class L1Ball(UnitConstraint):
    """Projects each unit's weights on the L1 ball: the nearest point whose absolute values sum to at most the radius.

    Use it for units that look at few of their inputs: where an L1 penalty with Adam only makes weights small, the
    projection makes many of them exactly zero. For the kernel of a depthwise or transposed convolution `kind` must be
    named: the default takes all axes but the last, which is wrong for these.

    With r = `radius`, inside the ball nothing changes; outside:

        P(v) = sign(v) · P_Δ(|v|),   P_Δ the projection on the simplex of total r

    Args:
        radius: Radius r of the ball, > 0. Defaults to 1.
        axis: The axis, or the list of axes, that belong to one unit. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last belong to one unit), `"dense"`, `"conv"`, `"depthwise"`,
            `"conv_transpose"` or `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Duchi et al. 2008, "Efficient Projections onto the l1-Ball for Learning in High Dimensions", section 4.

    Example:

    >>> import numpy as np
    >>> w = L1Ball(1.0)(np.array([[0.75], [-0.5], [0.1]], "float32"))
    >>> keras.ops.convert_to_numpy(w).ravel().tolist()
    [0.625, -0.375, 0.0]
    """

    RANGES = {"radius": Interval(0, closed="neither"), **UNIT_RANGES}  # noqa: RUF012

    def __init__(self, radius: float = 1.0, axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, radius=radius)
        super().__init__(axis=axis, kind=kind)
        self.radius = radius

    def project(self, columns):
        return project_l1_ball(columns, self.radius)

    def get_config(self):
        return {"radius": self.radius, **super().get_config()}
