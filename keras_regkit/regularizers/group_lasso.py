"""Group lasso: whole groups of weights go to zero together."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.kernel_axes import Axes
from keras_regkit._core.prox import shrink_groups_in_metric
from keras_regkit._core.types import Axis
from keras_regkit.regularizers._groups import (
    expect_step_per_group,
    group_norms,
    group_size,
    member_axes,
    shrink_groups,
)
from keras_regkit.regularizers._numeric import in_float32, prox_in_float32


def group_lasso(x, axes):
    """Σ_g √p_g · ‖x_g‖₂, where the members of a group lie along `axes` and p_g is their number."""
    return group_size(x.shape, axes) ** 0.5 * ops.sum(group_norms(x, axes))


@keras.saving.register_keras_serializable("keras_regkit")
class GroupLasso(keras.regularizers.Regularizer):
    """Pushes whole groups of weights to zero: all weights of a unit, of a filter, or of an input.

    Use it to find out which inputs matter (`groups="inputs"` on the first layer) or to make units and filters
    superfluous, so that they can be removed. Plain optimizers bring the groups near zero; exactly zero takes a proximal
    step, for which there is `prox`.

        R(w) = λ Σ_g √p_g ‖w_g‖₂,   p_g the number of weights in group g

    Args:
        strength: λ, in [0, ∞). Defaults to 0.01.
        groups: `"outputs"` makes a group of all weights that lead to one unit or filter, `"inputs"` of all weights that
            come from one input or channel. They are told by the last axis of the kernel and the one before it, as in
            Dense and convolution kernels. Defaults to `"outputs"`.
        axis: Axis, or list of axes, along which the members of one group lie, for other layouts. It then decides alone.
            Defaults to None.

    Other kernels are laid out otherwise, and need `axis`. For layers in two dimensions:

        depthwise (h, w, in, mult):    outputs axis=(0, 1),      inputs as they are
        transposed (h, w, out, in):    outputs axis=(0, 1, 3),   inputs axis=(0, 1, 2)

    Call arguments:
        x: Weight of rank 2 or more; of any rank with `axis`.

    Raises:
        ValueError: when called, for a weight without these axes.

    Reference:
        Yuan & Lin 2006, "Model Selection and Estimation in Regression with Grouped Variables", eq. 2.1 and 2.4;
        for neural networks: Scardapane et al. 2017, "Group Sparse Regularization for Deep Neural Networks", eq. 8.

    Example:

    >>> kernel = ops.array([[3.0, 0.1], [4.0, 0.1], [0.0, 0.1], [0.0, 0.1]])
    >>> regularizer = GroupLasso(0.25)
    >>> round(float(regularizer(kernel)), 4)
    2.6
    >>> ops.convert_to_numpy(regularizer.prox(kernel, step=5.0)).tolist()
    [[1.5, 0.0], [2.0, 0.0], [0.0, 0.0], [0.0, 0.0]]
    """

    RANGES = {  # noqa: RUF012
        "strength": Interval(0),
        "groups": OneOf("outputs", "inputs"),
        "axis": Axes(),
    }

    def __init__(self, strength: float = 0.01, groups: str = "outputs", axis: Axis = None):
        check_arguments(self.RANGES, strength=strength, groups=groups, axis=axis)
        self.strength = strength
        self.groups = groups
        self.axis = axis

    def __call__(self, x):
        x = in_float32(x)
        return self.strength * group_lasso(x, self.member_axes(x.shape))

    @property
    def kernel_groups(self):
        """What the order of the kernel's axes tells, `"outputs"` or `"inputs"`; None where `axis` decides."""
        return self.groups if self.axis is None else None

    def member_axes(self, shape):
        """Returns the axes along which the members of a group lie, for a weight of this shape."""
        return member_axes(shape, self.groups, self.axis)

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u) = x_g · max(1 − step·λ·√p_g / ‖x_g‖₂, 0).

        Args:
            x: Weight.
            step: Scalar, or one number per group: of the shape of `x`, with size 1 along the members' axes.
        """

        def shrink(x, step):
            axes = self.member_axes(x.shape)
            expect_step_per_group(step, x, axes)
            return shrink_groups(x, axes, step * self.strength * group_size(x.shape, axes) ** 0.5)

        return prox_in_float32(shrink, x, step)

    def weighted_prox(self, x, steps):
        """Returns argmin_u ½ Σ_i (u_i − x_i)² / steps_i + R(u), for a step per weight, as adaptive optimizers have.

        Args:
            x: Weight.
            steps: Array of the shape of `x`.
        """

        def shrink(x, steps):
            axes = self.member_axes(x.shape)
            return shrink_groups_in_metric(x, axes, steps * self.strength * group_size(x.shape, axes) ** 0.5)

        return prox_in_float32(shrink, x, steps)

    def get_config(self):
        return {"strength": self.strength, "groups": self.groups, "axis": self.axis}
