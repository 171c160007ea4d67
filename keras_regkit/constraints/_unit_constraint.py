"""The part that constraints on whole output units share."""

import keras
from keras import ops

from keras_regkit._core.checks import OneOf, check_arguments
from keras_regkit._core.kernel_axes import KINDS, Axes, as_matrix, from_matrix, input_axes

UNIT_RANGES = {"axis": Axes(), "kind": OneOf(*KINDS)}


class UnitConstraint(keras.constraints.Constraint):
    """Base of the constraints that look at a kernel as a matrix with one column per output unit.

    A subclass says in `project(columns)` what becomes of the matrix, in float32.

    Args:
        axis: The axes that belong to one unit, or None to take those of `kind`.
        kind: The kind of kernel.

    Raises:
        ValueError: both are given; when called, the weight has no such axis or the wrong rank.
    """

    def __init__(self, axis=None, kind="auto"):
        check_arguments(UNIT_RANGES, axis=axis, kind=kind)
        if axis is not None and kind != "auto":
            raise ValueError(
                f"Give `axis` or `kind`, not both: a kind stands for its axes. Received: axis={axis}, kind={kind!r}"
            )
        self.axis = axis
        self.kind = kind

    def __call__(self, w):
        w = ops.convert_to_tensor(w)
        given, shape = w.dtype, tuple(w.shape)
        axes = input_axes(shape, self.kind, self.axis)
        # Sums of 16-bit weights overflow and lose digits.
        columns = as_matrix(ops.cast(w, keras.backend.result_type(given, "float32")), axes)
        return ops.cast(from_matrix(self.project(columns), shape, axes), given)

    def project(self, columns):
        """Returns the columns as the constraint wants them."""
        raise NotImplementedError(f"{type(self).__name__} must say what becomes of the columns in `project`")

    def get_config(self):
        return {"axis": self.axis, "kind": self.kind}
