"""DeCov: units of a layer shall not repeat one another."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import batch_size, expect_activities, in_float32


def decorrelation(x):
    """½ (‖C‖²_F − ‖diag C‖²), C the covariance of the entries of the last axis over all other axes."""
    units = x.shape[-1]
    rows = ops.reshape(x, (-1, units))
    rows = rows - ops.mean(rows, axis=0, keepdims=True)
    covariance = ops.matmul(ops.transpose(rows), rows) / ops.cast(ops.shape(rows)[0], x.dtype)
    # Taking the diagonal out beforehand: the difference of two large sums would be rounding.
    return ops.sum(ops.square(covariance * (1 - ops.eye(units, dtype=x.dtype)))) / 2


@keras.saving.register_keras_serializable("keras_regkit")
class Decorrelation(keras.regularizers.Regularizer):
    """Pushes the covariance between different units of a layer to zero (DeCov).

    Use it as `activity_regularizer` of wide hidden layers on little data, where many units learn the same thing.

        R(h) = λ/2 (‖C‖²_F − ‖diag C‖²),   C_ij = 1/n Σ_k (h_ki − μ_i) (h_kj − μ_j)

    n counts the examples of the batch (times their positions, if there are any), so batches must not be tiny. Keras
    divides activity penalties by the batch size. The value is multiplied by it in advance: what stands in
    `model.losses` is R.

    Args:
        strength: λ, in [0, ∞). Defaults to 0.01.

    Call arguments:
        x: Activities, `(batch, ..., units)`.

    Raises:
        ValueError: when called, for a tensor of rank 1.

    Reference:
        Cogswell et al. 2016, "Reducing Overfitting in Deep Networks by Decorrelating Representations", eq. 1 and 2.

    Example:

    >>> layer = keras.layers.Identity(activity_regularizer=Decorrelation(1.0))
    >>> _ = layer(ops.array([[1.0, 1.0], [-1.0, -1.0]]))
    >>> float(layer.losses[0])
    1.0
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float = 0.01):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength

    def __call__(self, x):
        x = in_float32(x)
        expect_activities(x, 2, "Decorrelation", "(batch, ..., units)")
        return self.strength * batch_size(x) * decorrelation(x)

    def get_config(self):
        return {"strength": self.strength}
