"""Proximal operators: what the penalties that have one, and the optimizers that take proximal steps, share."""

import numbers

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import Tensor

_NEWTON_STEPS = 8


def in_float32(x):
    """Returns `x` as a tensor of float32, in which penalties are computed; float64 is left as it is."""
    x = ops.convert_to_tensor(x)
    return x if keras.backend.standardize_dtype(x.dtype) == "float64" else ops.cast(x, "float32")


def soft_threshold(x, threshold):
    """sign(x) · max(|x| − threshold, 0), the proximal operator of the L1 norm."""
    return ops.sign(x) * ops.maximum(ops.abs(x) - threshold, 0)


def read_step(step, dtype, below=None):
    """Returns `step` as a tensor; a Python number must be legal.

    Args:
        step: Python number, or a tensor, whose values are not looked at.
        dtype: Dtype of the tensor.
        below: What a Python number must be less than. Defaults to None: no bound.
    """
    if isinstance(step, numbers.Number | str | None):
        bounds = Interval(0) if below is None else Interval(0, below, closed="left")
        bounds.check("step", step)
    return ops.cast(ops.convert_to_tensor(step, None if ops.is_tensor(step) else dtype), dtype)


def prox_in_float32(function, x, step, below=None):
    """Returns `function(x, step)` computed in float32, in the dtype of `x`."""
    x = ops.convert_to_tensor(x)
    wide = in_float32(x)
    return ops.cast(function(wide, read_step(step, wide.dtype, below)), x.dtype)


def prox(regularizer: keras.regularizers.Regularizer, x: Tensor, step: Tensor) -> Tensor:
    """Returns the proximal operator of a regularizer, `prox_{step·R}(x)`.

        prox_{step·R}(x) = argmin_u ½‖u − x‖² + step·R(u)

    Use it in a proximal gradient step, `w ← prox(regularizer, w − step·∇loss(w), step)`, which brings weights to
    exactly zero where adding R to the loss does not; the optimizers `ProximalSGD`, `ProximalAdam` and their siblings
    take such steps in `fit`. It knows the L1, L2 and L1L2 of Keras, and every regularizer that has a method
    `prox(x, step)`: `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `L2SP`, `WeightedL2`.

        L1:   sign(x) max(|x| − step·l1, 0)     L2:   x / (1 + 2·step·l2)     L1L2:   the first, then the second

    Args:
        regularizer: A regularizer that has a closed form.
        x: Weight, as a tensor or array.
        step: Length of the step, in [0, ∞): a scalar, or an array of the shape of `x` for penalties that are a sum over
            the weights. For groups it may be one number per group.

    Returns:
        Tensor of the shape and dtype of `x`.

    Raises:
        TypeError: the regularizer has no closed form.
        ValueError: the step is negative, or too long for a penalty that is not convex.

    Reference:
        Parikh & Boyd 2014, "Proximal Algorithms", eq. 1.1 and section 6.5.

    Example:

    >>> keras.ops.convert_to_numpy(prox(keras.regularizers.L1(1.0), [-3.0, 0.2, 0.5], step=0.5)).tolist()
    [-2.5, 0.0, 0.0]
    """
    if callable(getattr(regularizer, "prox", None)):
        return regularizer.prox(x, step)
    if type(regularizer) not in _STRENGTHS:
        raise TypeError(
            "`regularizer` must have a method `prox(x, step)`, or be L1, L2 or L1L2 of keras.regularizers. "
            f"Received: {regularizer!r}"
        )
    l1, l2 = _STRENGTHS[type(regularizer)](regularizer)
    return prox_in_float32(lambda x, step: soft_threshold(x, step * l1) / (1 + 2 * step * l2), x, step)


_STRENGTHS = {
    keras.regularizers.L1: lambda r: (float(r.l1), 0.0),
    keras.regularizers.L2: lambda r: (0.0, float(r.l2)),
    keras.regularizers.L1L2: lambda r: (float(r.l1), float(r.l2)),
}


def has_prox(regularizer):
    """Whether `prox` knows the regularizer. One that moves knows no more than what it multiplies."""
    inner, _ = without_strengths(regularizer)
    return callable(getattr(inner, "prox", None)) or type(inner) in _STRENGTHS


def without_strengths(regularizer):
    """Returns a regularizer as what it is without its moving strength, and the list of strengths that multiply it."""
    strengths = []
    while isinstance(strength := getattr(regularizer, "_strength", None), Strength):
        strengths.append(strength)
        regularizer = regularizer.regularizer
    return regularizer, strengths


def prox_in_metric(regularizer, x, steps):
    """Returns the proximal operator in the metric of an adaptive optimizer, which has a step for each weight.

        argmin_u ½ Σ_i (u_i − x_i)² / steps_i + R(u)

    Where R is a sum over the weights this is its `prox` with a step for each weight. Where it ties weights together it
    is another function, which the regularizer has as `weighted_prox(x, steps)`.

    Args:
        regularizer: A regularizer that `prox` knows.
        x: Weight.
        steps: Scalar, or tensor of the shape of `x`.
    """
    if len(steps.shape) and callable(getattr(regularizer, "weighted_prox", None)):
        return regularizer.weighted_prox(x, steps)
    return prox(regularizer, x, steps)


def takes_step_per_weight(regularizer):
    """Whether the operator is known in the metric of an adaptive optimizer."""
    inner, _ = without_strengths(regularizer)
    return not hasattr(inner, "member_axes") or callable(getattr(inner, "weighted_prox", None))


def shrink_groups_in_metric(x, axes, thresholds):
    """The proximal operator of a sum of norms of groups, with a step for each weight.

        argmin_u ½ Σ_i (u_i − x_i)² / s_i + λ ‖u‖₂  =  x_i · r / (r + t_i),   t_i = λ s_i

    for each group, where the norm r of the solution is the root of ‖x / (r + t)‖₂ = 1; 0 where ‖x / t‖₂ ≤ 1. There is
    no closed form of r. Newton's method on 1 / ‖x / (r + t)‖₂, which is concave in r, comes to it from below without
    ever passing it; it is there after one step where all t are equal.

    Args:
        x: Weight.
        axes: Axes along which the members of a group lie.
        thresholds: t, tensor of the shape of `x`.
    """

    def total(values):
        return ops.sum(values, axis=axes, keepdims=True)

    def or_one(values):
        return ops.where(values > 0, values, ops.ones_like(values))

    size = ops.abs(x)
    # Two lower bounds of the root. From the second on no quotient is larger than 1, so nothing overflows.
    norm = ops.sqrt(total(ops.square(x)))
    root = ops.maximum(
        norm - ops.max(thresholds, axis=axes, keepdims=True), ops.max(size - thresholds, axis=axes, keepdims=True)
    )
    root = ops.maximum(root, 0)
    for _ in range(_NEWTON_STEPS):
        bottom = or_one(root + thresholds)
        square = ops.square(x / bottom)
        length = ops.sqrt(total(square))
        root = ops.maximum(root + ops.square(length) * (length - 1) / or_one(total(square / bottom)), 0)
    return x * (root / or_one(root + thresholds))  # where t = 0 this is x to the last bit
