"""Gradients clipped by the size of the weights they change."""

from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.optimizers._mixin import Mixin
from keras_regkit.optimizers._paths import Patterns, fits_any
from keras_regkit.optimizers._units import unit_axes


def clip_by_unit(gradient, weight, axes, clipping, floor):
    """g · min(1, λ max(‖w‖, ε) / ‖g‖) for each unit, whose weights lie along `axes`."""
    allowed = clipping * ops.maximum(_norms(weight, axes), floor)
    norms = _norms(gradient, axes)
    return gradient * ops.where(norms > allowed, allowed / ops.where(norms > 0, norms, 1), 1)


def _norms(x, axes):
    return ops.sqrt(ops.sum(ops.square(x), axis=axes, keepdims=True))


@keras.saving.register_keras_serializable("keras_regkit")
class AdaptiveGradientClipping(Mixin):
    """Clips the gradient of each unit to a share of the norm of the unit's weights.

    Put it before an optimizer of Keras, or use a ready class: `AdaptiveGradientClippingSGD`. Use it for networks
    without batch normalization, for large batches and for large learning rates: no unit can change by more than a share
    of itself in one step, and one threshold suits layers of all sizes.

        g_i ← λ max(‖w_i‖, ε) / ‖g_i‖ · g_i   where ‖g_i‖ > λ max(‖w_i‖, ε),   for each unit i

    A unit is what leads to one entry of the last axis of a kernel; a row of an embedding; a bias as a whole. (For the
    kernels of depthwise and transposed convolutions, whose outputs lie elsewhere, it is only near to that.) Clipping
    sees gradients that were summed over accumulated micro-batches and replicas; the optimizer's own `clipnorm` sees
    those of each replica.

    For language models the usual recipe needs none of this: one threshold for the whole gradient, which all replicas
    and layers share, `keras.optimizers.AdamW(3e-4, weight_decay=0.1, global_clipnorm=1.0)`. `clipnorm=1.0` clips each
    weight's gradient for itself, which changes the direction of the step.

    Args:
        args, kwargs: As for the optimizer of Keras.
        clipping: λ, in (0, ∞): the largest ratio of gradient to weight. Smaller for larger batches. Defaults to 0.01.
        clipping_floor: ε, in (0, ∞): units of a smaller norm count as of this one, so that those that begin at zero can
            leave it. Defaults to 1e-3.
        clipping_exclude: List of regular expressions that fit the end of a weight's path, from the beginning of a
            name. Those weights are not clipped: the paper leaves out the final layer, `["head/.*"]`. Defaults to None:
            all are.

    Raises:
        TypeError, ValueError: the patterns are no list of regular expressions.

    Reference:
        Brock et al. 2021, "High-Performance Large-Scale Image Recognition Without Normalization", eq. 3.

    Example:

    >>> gradient, weight = ops.array([[3.0, 0.1], [4.0, 0.0]]), ops.array([[1.0, 1.0], [0.0, 0.0]])
    >>> clipped = clip_by_unit(gradient, weight, axes=(0,), clipping=0.5, floor=1e-3)
    >>> ops.convert_to_numpy(clipped).astype("float64").round(2).tolist()
    [[0.3, 0.1], [0.4, 0.0]]
    """

    RANK = 30
    RANGES = {  # noqa: RUF012
        "clipping": Interval(0, closed="neither"),
        "clipping_floor": Interval(0, closed="neither"),
        "clipping_exclude": Patterns(optional=True),
    }

    def __init__(
        self,
        *args: Any,
        clipping: float = 0.01,
        clipping_floor: float = 1e-3,
        clipping_exclude: Sequence[str] | None = None,
        **kwargs: Any,
    ):
        check_arguments(
            AdaptiveGradientClipping.RANGES,
            clipping=clipping,
            clipping_floor=clipping_floor,
            clipping_exclude=clipping_exclude,
        )
        super().__init__(*args, **kwargs)
        self.clipping = clipping
        self.clipping_floor = clipping_floor
        self.clipping_exclude = clipping_exclude

    def update_step(self, gradient, variable, learning_rate):
        own = self.keras_variable(variable)
        if not fits_any(self.clipping_exclude or (), own):
            gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
            weight = ops.convert_to_tensor(variable)
            gradient = clip_by_unit(gradient, weight, unit_axes(own), self.clipping, self.clipping_floor)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "clipping": self.clipping,
            "clipping_floor": self.clipping_floor,
            "clipping_exclude": None if self.clipping_exclude is None else list(self.clipping_exclude),
        }
