"""Sparse group lasso: few groups, and few weights within them."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.kernel_axes import Axes
from keras_regkit._core.prox import shrink_groups_in_metric
from keras_regkit._core.types import Axis
from keras_regkit.regularizers._groups import expect_step_per_group, group_size, member_axes, shrink_groups
from keras_regkit.regularizers._numeric import in_float32, magnitude, prox_in_float32, soft_threshold
from keras_regkit.regularizers.group_lasso import group_lasso


def sparse_group_lasso(x, axes, alpha):
    """(1 − α) Σ_g √p_g ‖x_g‖₂ + α ‖x‖₁."""
    return (1 - alpha) * group_lasso(x, axes) + alpha * ops.sum(magnitude(x))


@keras.saving.register_keras_serializable("keras_regkit")
class SparseGroupLasso(keras.regularizers.Regularizer):
    """Pushes whole groups of weights to zero, and single weights within the groups that remain.

    Use it where `GroupLasso` keeps the right inputs or units, but too many of their weights.

        R(w) = λ ((1 − α) Σ_g √p_g ‖w_g‖₂ + α ‖w‖₁),   p_g the number of weights in group g

    Args:
        strength: λ, in [0, ∞). Defaults to 0.01.
        alpha: α, the share of the L1 part, in [0, 1]: 0 is the group lasso, 1 the lasso. Defaults to 0.5.
        groups: `"outputs"` makes a group of all weights that lead to one unit or filter, `"inputs"` of all weights that
            come from one input or channel: see `GroupLasso`. Defaults to `"outputs"`.
        axis: Axis, or list of axes, along which the members of one group lie, for other layouts. It then decides alone.
            Defaults to None.

    Depthwise kernels (h, w, in, mult) and those of transposed convolutions (h, w, out, in) are laid out otherwise. For
    groups of outputs they need `axis=(0, 1)` and `axis=(0, 1, 3)`; for groups of inputs the latter need
    `axis=(0, 1, 2)`.

    Call arguments:
        x: Weight of rank 2 or more; of any rank with `axis`.

    Raises:
        ValueError: when called, for a weight without these axes.

    Reference:
        Simon et al. 2013, "A Sparse-Group Lasso", eq. 3.

    Example:

    >>> kernel = ops.array([[3.0, 0.0], [4.0, 0.0]])
    >>> round(float(SparseGroupLasso(0.1, alpha=0.5)(kernel)), 4)
    0.7036
    """

    RANGES = {  # noqa: RUF012
        "strength": Interval(0),
        "alpha": Interval(0, 1),
        "groups": OneOf("outputs", "inputs"),
        "axis": Axes(),
    }

    def __init__(self, strength: float = 0.01, alpha: float = 0.5, groups: str = "outputs", axis: Axis = None):
        check_arguments(self.RANGES, strength=strength, alpha=alpha, groups=groups, axis=axis)
        self.strength = strength
        self.alpha = alpha
        self.groups = groups
        self.axis = axis

    def __call__(self, x):
        x = in_float32(x)
        return self.strength * sparse_group_lasso(x, self.member_axes(x.shape), self.alpha)

    @property
    def kernel_groups(self):
        """What the order of the kernel's axes tells, `"outputs"` or `"inputs"`; None where `axis` decides."""
        return self.groups if self.axis is None else None

    def member_axes(self, shape):
        """Returns the axes along which the members of a group lie, for a weight of this shape."""
        return member_axes(shape, self.groups, self.axis)

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u): first the lasso's operator, then the group lasso's.

        Args:
            x: Weight.
            step: Scalar, or one number per group: of the shape of `x`, with size 1 along the members' axes.
        """

        def shrink(x, step):
            axes = self.member_axes(x.shape)
            expect_step_per_group(step, x, axes)
            step = step * self.strength
            thinned = soft_threshold(x, step * self.alpha)
            return shrink_groups(thinned, axes, step * (1 - self.alpha) * group_size(x.shape, axes) ** 0.5)

        return prox_in_float32(shrink, x, step)

    def weighted_prox(self, x, steps):
        """Returns argmin_u ½ Σ_i (u_i − x_i)² / steps_i + R(u), for a step per weight, as adaptive optimizers have.

        Args:
            x: Weight.
            steps: Array of the shape of `x`.
        """

        def shrink(x, steps):
            axes = self.member_axes(x.shape)
            steps = steps * self.strength
            thinned = soft_threshold(x, steps * self.alpha)
            return shrink_groups_in_metric(thinned, axes, steps * (1 - self.alpha) * group_size(x.shape, axes) ** 0.5)

        return prox_in_float32(shrink, x, steps)

    def get_config(self):
        return {"strength": self.strength, "alpha": self.alpha, "groups": self.groups, "axis": self.axis}
