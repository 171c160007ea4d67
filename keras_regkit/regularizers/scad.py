"""Smoothly clipped absolute deviation."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import in_float32, magnitude, prox_in_float32, soft_threshold


def scad(x, strength, a):
    """Σ ρ(|x|), where ρ has slope λ up to λ, slope (aλ − t) / (a − 1) up to aλ, and slope 0 beyond."""
    size = magnitude(x)
    first = ops.minimum(size, strength)
    then = ops.maximum(ops.minimum(size, a * strength) - strength, 0)
    return ops.sum(strength * (first + then) - ops.square(then) / (2 * (a - 1)))


def scad_prox(x, step, strength, a):
    """The minimizer of ½(u − x)² + step·ρ(|u|), entry by entry."""
    size = ops.abs(x)
    convex = step < a - 1
    soft = soft_threshold(x, step * strength)
    slope = ops.where(convex, a - 1 - step, ops.ones_like(step))
    middle = ((a - 1) * x - ops.sign(x) * step * a * strength) / slope
    firm = ops.where(size <= (1 + step) * strength, soft, ops.where(size <= a * strength, middle, x))
    # From step = a − 1 on, the best point is x itself or the lasso's; where their objectives are equal, the choice
    # changes sides.
    change = ops.where(step < a + 1, (a + 1 + step) / 2, ops.sqrt(step * (a + 1))) * strength
    return ops.where(convex, firm, ops.where(size <= change, soft, x))


@keras.saving.register_keras_serializable("keras_regkit")
class SCAD(keras.regularizers.Regularizer):
    """Pushes small weights to zero exactly as L1 does, and leaves large ones alone.

    Use it instead of L1 where the few large weights must keep their size. Up to λ the pull is that of L1, from there it
    ceases, and beyond aλ there is none. Plain optimizers bring weights near zero; exactly zero takes a proximal step,
    for which there is `prox`.

        R(w) = Σ ρ(|w|),   ρ(t) = λ t                              for t ≤ λ
                                = (2aλt − t² − λ²) / (2 (a − 1))   for λ < t ≤ aλ
                                = λ² (a + 1) / 2                   beyond

    Args:
        strength: λ, in [0, ∞): the pull on small weights. It also sets from where on there is none. Defaults to 0.01.
        a: In (2, ∞): how slowly the pull ceases. Defaults to 3.7, the paper's choice.

    Call arguments:
        x: Weight of any shape.

    Reference:
        Fan & Li 2001, "Variable Selection via Nonconcave Penalized Likelihood and its Oracle Properties", eq. 2.7;
        for the operator, eq. 2.8.

    Example:

    >>> regularizer = SCAD(1.0, a=3.0)
    >>> float(regularizer([1.0, 2.0, 30.0]))
    4.75
    >>> ops.convert_to_numpy(regularizer.prox([0.5, 1.5, 2.5, 30.0], step=1.0)).tolist()
    [0.0, 0.5, 2.0, 30.0]
    """

    RANGES = {"strength": Interval(0), "a": Interval(2, closed="neither")}  # noqa: RUF012

    def __init__(self, strength: float = 0.01, a: float = 3.7):
        check_arguments(self.RANGES, strength=strength, a=a)
        self.strength = strength
        self.a = a

    def __call__(self, x):
        return scad(in_float32(x), self.strength, self.a)

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u).

            sign(x) max(|x| − step·λ, 0) for |x| ≤ (1 + step) λ,
            ((a − 1) x − sign(x) step·aλ) / (a − 1 − step) up to aλ,   x beyond

        Args:
            x: Weight.
            step: Scalar, or array of the shape of `x`. A Python number must be less than `a − 1`: from there on the
                problem is not convex, and its solution jumps. Where a tensor is as large, its global minimum is
                returned.
        """
        return prox_in_float32(lambda x, step: scad_prox(x, step, self.strength, self.a), x, step, below=self.a - 1)

    def get_config(self):
        return {"strength": self.strength, "a": self.a}
