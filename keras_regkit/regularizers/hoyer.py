"""The Hoyer-square penalty: sparsity whatever the scale."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import in_float32, magnitude


def hoyer_square(x):
    """(‖x‖₁ / ‖x‖₂)²: 1 for a single number that is not zero, n for n equal ones, and 0 for zeros."""
    squares = ops.sum(ops.square(x))
    return ops.square(ops.sum(magnitude(x))) / ops.where(squares > 0, squares, ops.ones_like(squares))


@keras.saving.register_keras_serializable("keras_regkit")
class Hoyer(keras.regularizers.Regularizer):
    """Pushes a weight towards few large entries, without shrinking it as a whole.

    Use it for sparsity where L1 only makes all weights smaller, say before batch normalization, which makes up for any
    scale. The value counts the entries that matter: between 1, for a single one, and n, for n entries of equal size.

        R(w) = λ (‖w‖₁ / ‖w‖₂)²

    The Hoyer measure of sparsity, (√n − ‖w‖₁/‖w‖₂) / (√n − 1), is made of the same ratio; it grows where this penalty
    falls. Small entries are pulled to zero; those larger than ‖w‖₂²/‖w‖₁ are pushed up. The gradient is inversely
    proportional to the size of the weight, so a weight of zeros, whose penalty and gradient are 0, is no good start.

    Args:
        strength: λ, in [0, ∞). Defaults to 1e-4.

    Call arguments:
        x: Weight of any shape.

    Reference:
        Yang et al. 2020, "DeepHoyer: Learning Sparser Neural Network with Differentiable Scale-Invariant Sparsity
        Measures", eq. 3; Hoyer 2004, "Non-negative Matrix Factorization with Sparseness Constraints", section 3.1.

    Example:

    >>> regularizer = Hoyer(1.0)
    >>> [round(float(regularizer(w)), 3) for w in ([5.0, 0.0], [5.0, 5.0], [0.1, 0.1])]
    [1.0, 2.0, 2.0]
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float = 1e-4):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength

    def __call__(self, x):
        return self.strength * hoyer_square(in_float32(x))

    def get_config(self):
        return {"strength": self.strength}
