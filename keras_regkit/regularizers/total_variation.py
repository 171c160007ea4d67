"""Total variation: neighbours shall be alike."""

from collections.abc import Sequence

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.kernel_axes import Axes, positive_axes
from keras_regkit.regularizers._numeric import in_float32, magnitude


def total_variation(x, axes):
    """Σ |x_{i+1} − x_i| along each of the axes."""
    total = ops.zeros((), x.dtype)
    for axis in axes:
        before = (slice(None),) * axis
        total = total + ops.sum(magnitude(x[(*before, slice(1, None))] - x[(*before, slice(None, -1))]))
    return total


class _AxesOrName(Axes):
    def check(self, name, value):
        if value in ("kernel", "activity"):
            return value
        if value is None or isinstance(value, str):
            raise TypeError(
                f'`{name}` must be "kernel", "activity", an integer or a list of integers. Received: {value!r}'
            )
        return super().check(name, value)

    def bad_values(self):
        return [*super().bad_values(), (None, TypeError)]


@keras.saving.register_keras_serializable("keras_regkit")
class TotalVariation(keras.regularizers.Regularizer):
    """Pushes neighbouring weights, or neighbouring values of a feature map, towards each other.

    Use it for kernels and outputs over time or space that look noisy where they should be smooth with a few sharp
    edges: large kernels of a first convolution, weights over the hours of a day, segmentation maps.

        R(x) = λ Σ_axes Σ |x_{i+1} − x_i|

    As an activity regularizer it is the sum over the batch, which Keras divides by the batch size: the mean of the
    examples' total variations.

    Args:
        strength: λ, in [0, ∞). Defaults to 1e-4.
        axis: Along which axes the neighbours lie: `"kernel"` for the window of a convolution kernel, all axes but the
            last two; `"activity"` for the positions of feature maps with channels last, all axes but the first and the
            last; or an axis, or a list of axes, for other layouts. Defaults to `"kernel"`.

    Call arguments:
        x: Weight or activity. `"kernel"` and `"activity"` want rank 3 or more.

    Raises:
        ValueError: when called, for a tensor without these axes.

    Reference:
        Rudin et al. 1992, "Nonlinear Total Variation Based Noise Removal Algorithms", eq. 2.1 (there isotropic; here
        the anisotropic form, as in the fused lasso of Tibshirani et al. 2005, eq. 3).

    Example:

    >>> kernel = ops.reshape([0.0, 1.0, 1.0, 3.0], (4, 1, 1))
    >>> round(float(TotalVariation(0.1)(kernel)), 4)
    0.3
    """

    RANGES = {"strength": Interval(0), "axis": _AxesOrName()}  # noqa: RUF012

    def __init__(self, strength: float = 1e-4, axis: str | int | Sequence[int] = "kernel"):
        check_arguments(self.RANGES, strength=strength, axis=axis)
        self.strength = strength
        self.axis = axis

    def __call__(self, x):
        x = in_float32(x)
        return self.strength * total_variation(x, self._axes(x.shape))

    def _axes(self, shape):
        if self.axis not in ("kernel", "activity"):
            return positive_axes(shape, self.axis)
        rank = len(shape)
        if rank < 3:
            raise ValueError(
                f'`axis="{self.axis}"` needs a tensor of at least 3 axes. Received: a tensor of rank {rank}. '
                "Give the axis along which neighbours lie, such as `axis=0` for the inputs of a Dense kernel"
            )
        return range(rank - 2) if self.axis == "kernel" else range(1, rank - 1)

    def get_config(self):
        return {"strength": self.strength, "axis": self.axis}
