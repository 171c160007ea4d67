"""A cap on the norm of each unit's incoming weights."""

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Axis
from keras_regkit.constraints._unit_constraint import UNIT_RANGES, UnitConstraint
from keras_regkit.constraints.l2_ball import project_l2_ball


@keras.saving.register_keras_serializable("keras_regkit")
class MaxNorm(UnitConstraint):
    """Caps the norm of the weights that come into each output unit.

    Use it together with dropout and a high learning rate, or where single units explode. For the kernel of a depthwise
    or transposed convolution `kind` must be named: the default takes all axes but the last, which is wrong for these.
    Keras' own `MaxNorm` takes the norm along axis 0, which is right for `Dense` and wrong for a convolution, whose
    filters it caps pixel by pixel.

    With c = `max_value`, for the weights w of each unit:

        w ← w · min(1, c / ‖w‖₂)

    A constraint sees an array and not its layer, and two kinds of kernel cannot be told from their shapes. Name `kind`
    for these:

        Dense, EinsumDense with one summed axis in front, Conv1D to Conv3D: "auto" (or "dense", "conv")
        DepthwiseConv1D, DepthwiseConv2D: "depthwise", one unit per input channel and multiplier
        Conv1DTranspose to Conv3DTranspose: "conv_transpose"
        SimpleRNN, LSTM, GRU, kernel and recurrent kernel: "recurrent", one unit per unit and gate

    Args:
        max_value: Cap on the norm of each unit's weights, > 0; typical: 1 to 5. Defaults to 2.
        axis: The axis, or the list of axes, that belong to one unit: 0 for a Dense kernel, 0 for a bias taken as a
            whole. Defaults to None: those of `kind`.
        kind: `"auto"` (all axes but the last belong to one unit), `"dense"`, `"conv"`, `"depthwise"`,
            `"conv_transpose"` or `"recurrent"`. Defaults to `"auto"`.

    Call arguments:
        w: A weight of any shape that has these axes.

    Raises:
        ValueError: both `axis` and `kind` are given; when called, the weight has no such axis or the wrong rank.

    Reference:
        Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", section 5.1.

    Example:

    >>> import numpy as np
    >>> w = MaxNorm(2.5)(np.array([[3.0, 0.5], [4.0, 0.5]], "float32"))
    >>> keras.ops.convert_to_numpy(w).tolist()
    [[1.5, 0.5], [2.0, 0.5]]
    """

    RANGES = {"max_value": Interval(0, closed="neither"), **UNIT_RANGES}  # noqa: RUF012

    def __init__(self, max_value: float = 2, axis: Axis = None, kind: str = "auto"):
        check_arguments(self.RANGES, max_value=max_value)
        super().__init__(axis=axis, kind=kind)
        self.max_value = max_value

    def project(self, columns):
        return project_l2_ball(columns, self.max_value)

    def get_config(self):
        return {"max_value": self.max_value, **super().get_config()}
