"""Projection of each unit's weights on the L2 ball."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint


def project_l2_ball(columns, radius):
    """Returns the nearest columns of norm `radius` or less: v · min(1, r / ‖v‖₂).

    Args:
        columns: Matrix.
        radius: Radius of the ball.
    """
    # Measured in units of the largest weight, the squares of no column overflow or vanish.
    unit = ops.max(ops.abs(columns), axis=0, keepdims=True)
    unit = ops.where(unit > 0, unit, 1)
    norm = unit * ops.sqrt(ops.sum(ops.square(columns / unit), axis=0, keepdims=True))
    return ops.where(norm > radius, columns / ops.maximum(norm, radius) * radius, columns)


@keras.saving.register_keras_serializable("keras_regkit")
class L2Ball(UnitConstraint):
    """Projects each unit's weights on the L2 ball: the nearest point whose norm is at most the radius.

    Use it for a hard bound on weights where an L2 penalty only pulls. Per unit it is what `MaxNorm` is, named after the
    geometry; with `axis` set to all axes it bounds the Frobenius norm of the whole weight. For the kernel of a
    depthwise or transposed convolution `kind` must be named: the default takes all axes but the last, which is wrong
    for these.

    With r = `radius`:

        P(v) = v · min(1, r / ‖v‖₂)

    Args:
        radius: Radius r of the ball, > 0. Defaults to 1.
        axis: The axis, or the list of axes, over which the norm is taken. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last belong to one unit), `"dense"`, `"conv"`, `"depthwise"`,
            `"conv_transpose"` or `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Parikh & Boyd 2014, "Proximal Algorithms", section 6.5.1, with the projection on the Euclidean ball.

    Example:

    >>> import numpy as np
    >>> w = L2Ball(1.0, axis=[0, 1])(np.full((2, 2), 5.0, "float32"))
    >>> keras.ops.convert_to_numpy(w).tolist()
    [[0.5, 0.5], [0.5, 0.5]]
    """

    RANGES = {"radius": Interval(0, closed="neither"), **UNIT_RANGES}  # noqa: RUF012

    def __init__(self, radius: float = 1.0, axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, radius=radius)
        super().__init__(axis=axis, kind=kind)
        self.radius = radius

    def project(self, columns):
        return project_l2_ball(columns, self.radius)

    def get_config(self):
        return {"radius": self.radius, **super().get_config()}
