"""Activation regularization (AR): outputs shall be small."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import batch_size, expect_activities, in_float32


@keras.saving.register_keras_serializable("keras_regkit")
class ActivityL2(keras.regularizers.Regularizer):
    """Pulls the outputs of a layer towards zero: activation regularization (AR).

    Use it as `activity_regularizer` on the outputs of a recurrent layer, together with `TemporalActivityL2`. The paper
    penalizes the outputs after dropout: set it on that layer, `Dropout(0.4, activity_regularizer=ActivityL2(2.0))`.

        R(h) = α · mean(h²)

    The mean is over examples, steps and units, as in the authors' code, so α does not depend on their numbers; Keras'
    own `L2` is a sum over steps and units. Keras divides activity penalties by the batch size. The value is multiplied
    by it in advance: what stands in `model.losses` is R. Masked steps are counted too.

    Args:
        strength: α, in [0, ∞). Defaults to 2.

    Call arguments:
        x: Activities, `(batch, ..., units)`.

    Raises:
        ValueError: when called, for a tensor of rank 1.

    Reference:
        Merity et al. 2017, "Revisiting Activation Regularization for Language RNNs", section 3.1.

    Example:

    >>> layer = keras.layers.Identity(activity_regularizer=ActivityL2(2.0))
    >>> _ = layer(ops.array([[[1.0], [3.0]]]))
    >>> float(layer.losses[0])
    10.0
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float = 2.0):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength

    def __call__(self, x):
        x = in_float32(x)
        expect_activities(x, 2, "ActivityL2", "(batch, ..., units)")
        return self.strength * batch_size(x) * ops.mean(ops.square(x))

    def get_config(self):
        return {"strength": self.strength}
