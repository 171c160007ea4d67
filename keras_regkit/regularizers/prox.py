"""The proximal operator of any penalty that has one in closed form."""

import keras

from keras_regkit.regularizers._numeric import prox_in_float32, soft_threshold


def prox(regularizer, x, step):
    """Returns the proximal operator of a regularizer, `prox_{step·R}(x)`.

        prox_{step·R}(x) = argmin_u ½‖u − x‖² + step·R(u)

    Use it in a proximal gradient step, `w ← prox(regularizer, w − step·∇loss(w), step)`, which brings weights to
    exactly zero where adding R to the loss does not. It knows the L1, L2 and L1L2 of Keras, and every regularizer that
    has a method `prox(x, step)`: `GroupLasso`, `SparseGroupLasso`, `MCP`, `SCAD`, `L2SP`, `WeightedL2`.

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
