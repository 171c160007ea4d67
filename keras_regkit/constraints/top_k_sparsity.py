"""A share of the weights kept."""

import math

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._largest import keep_largest
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint


@keras.saving.register_keras_serializable("keras_regkit")
class TopKSparsity(UnitConstraint):
    """Keeps the largest weights of each unit, or of the whole kernel, and zeros the others.

    Use it to prune while training, to a density that is known beforehand. Per unit no unit loses all its inputs; over
    the whole kernel weak units may be switched off.

    With k = round(density · size), and at least 1:

        w_i ← w_i if |w_i| is among the k largest, else 0

    Args:
        density: Share of the weights that is kept, in (0, 1]. Defaults to 0.5.
        per: `"unit"`: that share of each unit's weights; `"tensor"`: of all together. Defaults to `"unit"`.
        axis: The axis, or the list of axes, that belong to one unit. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last belong to one unit), `"dense"`, `"conv"`, `"depthwise"`,
            `"conv_transpose"` or `"recurrent"`; see `MaxNorm` for which layer needs which. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: `axis` or `kind` is given with `per="tensor"`, or both; when called, the weight has no such axis or
            the wrong rank.

    Reference:
        Han et al. 2015, "Learning both Weights and Connections for Efficient Neural Networks", section 3; as a
        projection after each step: Blumensath & Davies 2009, "Iterative Hard Thresholding for Compressed Sensing".

    Example:

    >>> import numpy as np
    >>> w = TopKSparsity(0.5)(np.array([[1.0], [-3.0], [2.0], [0.5]], "float32"))
    >>> keras.ops.convert_to_numpy(w).ravel().tolist()
    [0.0, -3.0, 2.0, 0.0]
    """

    RANGES = {  # noqa: RUF012
        "density": Interval(0, 1, closed="right"),
        "per": OneOf("unit", "tensor"),
        **UNIT_RANGES,
    }

    def __init__(self, density: float = 0.5, per: str = "unit", axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, density=density, per=per)
        super().__init__(axis=axis, kind=kind)
        if per == "tensor" and (axis is not None or kind != "auto"):
            raise ValueError(
                '`axis` and `kind` say what a unit is, and per="tensor" takes all weights together. '
                f'Received: axis={axis}, kind={kind!r}. Leave them out, or set per="unit"'
            )
        self.density = density
        self.per = per

    def __call__(self, w):
        if self.per == "unit":
            return super().__call__(w)
        w = ops.convert_to_tensor(w)
        return ops.reshape(self.project(ops.reshape(w, (-1, 1))), w.shape)

    def project(self, columns):
        return keep_largest(columns, max(1, math.floor(self.density * columns.shape[0] + 0.5)))

    def get_config(self):
        return {"density": self.density, "per": self.per, **super().get_config()}
