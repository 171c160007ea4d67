"""KL sparsity: each unit shall be active for a small share of the examples."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import batch_size, expect_activities, in_float32

_MARGIN = 1e-6


def kl_sparsity(x, rho):
    """Σ_j KL(ρ ‖ ρ̂_j), where ρ̂_j is the mean of the j-th entry of the last axis over all other axes."""
    mean = ops.mean(x, axis=tuple(range(len(x.shape) - 1)))
    mean = ops.clip(mean, _MARGIN, 1 - _MARGIN)
    divergence = rho * ops.log(rho / mean) + (1 - rho) * ops.log((1 - rho) / (1 - mean))
    return ops.maximum(ops.sum(divergence), 0)  # rounding may leave it just below


@keras.saving.register_keras_serializable("keras_regkit")
class KLSparsity(keras.regularizers.Regularizer):
    """Pulls the mean activation of each unit towards a small share ρ.

    Use it as `activity_regularizer` of layers with sigmoid outputs, classically the code of an autoencoder, so that
    each example is described by few active units.

        R(h) = λ Σ_j KL(ρ ‖ ρ̂_j) = λ Σ_j ρ log(ρ / ρ̂_j) + (1 − ρ) log((1 − ρ) / (1 − ρ̂_j))

    ρ̂_j is the mean activation of unit j over the batch (and over positions, if there are any), so batches must not be
    tiny. Activations must lie in [0, 1]; means are held between 1e-6 and 1 − 1e-6, beyond which there is no gradient.
    Keras divides activity penalties by the batch size. The value is multiplied by it in advance: what stands in
    `model.losses` is R.

    Args:
        strength: λ, in [0, ∞). Defaults to 0.01.
        rho: ρ, the mean activation aimed at, in (0, 1). Defaults to 0.05.

    Call arguments:
        x: Activities, `(batch, ..., units)`, in [0, 1].

    Raises:
        ValueError: when called, for a tensor of rank 1.

    Reference:
        Ng 2011, "Sparse Autoencoder" (CS294A lecture notes), section 3; Nair & Hinton 2009, "3D Object Recognition
        with Deep Belief Nets", section 4.

    Example:

    >>> layer = keras.layers.Activation("sigmoid", activity_regularizer=KLSparsity(0.1, rho=0.05))
    >>> _ = layer(ops.zeros((4, 3)))  # three units at 0.5
    >>> round(float(layer.losses[0]), 4)
    0.1484
    """

    RANGES = {"strength": Interval(0), "rho": Interval(0, 1, closed="neither")}  # noqa: RUF012

    def __init__(self, strength: float = 0.01, rho: float = 0.05):
        check_arguments(self.RANGES, strength=strength, rho=rho)
        self.strength = strength
        self.rho = rho

    def __call__(self, x):
        x = in_float32(x)
        expect_activities(x, 2, "KLSparsity", "(batch, ..., units)")
        return self.strength * batch_size(x) * kl_sparsity(x, self.rho)

    def get_config(self):
        return {"strength": self.strength, "rho": self.rho}
