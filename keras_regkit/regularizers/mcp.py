"""The minimax concave penalty."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import in_float32, magnitude, prox_in_float32, soft_threshold


def mcp(x, strength, gamma):
    """Σ ρ(|x|), with ρ(t) = λ t − t² / (2γ) up to t = γλ, and constant from there on."""
    # Held at its end, the parabola is the constant part too, and its slope there is 0 as it should be.
    t = ops.minimum(magnitude(x), gamma * strength)
    return ops.sum(strength * t - ops.square(t) / (2 * gamma))


def mcp_prox(x, step, strength, gamma):
    """The minimizer of ½(u − x)² + step·ρ(|u|), entry by entry."""
    size = ops.abs(x)
    convex = step < gamma
    slope = ops.where(convex, 1 - step / gamma, ops.ones_like(step))
    inside = soft_threshold(x, step * strength) / slope
    firm = ops.where(size <= gamma * strength, inside, x)
    # From step = γ on, the best point is one of the two ends: 0, or x itself.
    hard = ops.where(size <= strength * ops.sqrt(step * gamma), ops.zeros_like(x), x)
    return ops.where(convex, firm, hard)


@keras.saving.register_keras_serializable("keras_regkit")
class MCP(keras.regularizers.Regularizer):
    """Pushes small weights to zero like L1, and leaves large ones alone.

    Use it instead of L1 where the few large weights must keep their size: L1 shrinks all weights equally, this one
    pulls less the larger a weight is, and no more beyond γλ. Plain optimizers bring weights near zero; exactly zero
    takes a proximal step, for which there is `prox`.

        R(w) = Σ ρ(|w|),   ρ(t) = λ t − t² / (2γ) for t ≤ γλ,   γλ² / 2 beyond

    Args:
        strength: λ, in [0, ∞): the pull on the smallest weights. It also sets from where on there is none. Defaults to
            0.01.
        gamma: γ, in (1, ∞): how slowly the pull ceases. Towards ∞ it is L1. Defaults to 3.

    Call arguments:
        x: Weight of any shape.

    Reference:
        Zhang 2010, "Nearly Unbiased Variable Selection under Minimax Concave Penalty", eq. 2.1.

    Example:

    >>> regularizer = MCP(1.0, gamma=2.0)
    >>> round(float(regularizer([1.0, 3.0, 30.0])), 4)
    2.75
    >>> ops.convert_to_numpy(regularizer.prox([0.5, 1.5, 30.0], step=1.0)).tolist()
    [0.0, 1.0, 30.0]
    """

    RANGES = {"strength": Interval(0), "gamma": Interval(1, closed="neither")}  # noqa: RUF012

    def __init__(self, strength: float = 0.01, gamma: float = 3.0):
        check_arguments(self.RANGES, strength=strength, gamma=gamma)
        self.strength = strength
        self.gamma = gamma

    def __call__(self, x):
        return mcp(in_float32(x), self.strength, self.gamma)

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u).

            0 for |x| ≤ step·λ,   sign(x) (|x| − step·λ) / (1 − step/γ) up to γλ,   x beyond

        Args:
            x: Weight.
            step: Scalar, or array of the shape of `x`. A Python number must be less than `gamma`: from there on the
                problem is not convex, and its solution jumps. Where a tensor is as large, its global minimum is
                returned: x where |x| > λ √(step·γ), else 0.
        """
        return prox_in_float32(lambda x, step: mcp_prox(x, step, self.strength, self.gamma), x, step, below=self.gamma)

    def get_config(self):
        return {"strength": self.strength, "gamma": self.gamma}
