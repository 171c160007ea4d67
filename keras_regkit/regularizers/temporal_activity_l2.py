"""Temporal activation regularization (TAR): outputs shall change slowly."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import batch_size, expect_activities, in_float32


def mean_squared_change(x):
    """mean (x_{t+1} − x_t)² along the second axis; 0 for a single step."""
    changes = x[:, 1:] - x[:, :-1]
    # Not ops.mean: a sequence of one step has no changes, and their mean would be NaN.
    number = ops.maximum(ops.cast(ops.size(changes), x.dtype), 1)
    return ops.sum(ops.square(changes)) / number


@keras.saving.register_keras_serializable("keras_regkit")
class TemporalActivityL2(keras.regularizers.Regularizer):
    """Pulls the outputs of successive steps towards each other: temporal activation regularization (TAR).

    Use it as `activity_regularizer` of a recurrent layer with `return_sequences=True`, together with `ActivityL2`,
    where the hidden state jumps more than the data do.

        R(h) = β · mean((h_{t+1} − h_t)²)

    The mean is over examples, steps and units, as in the authors' code, so β does not depend on their numbers. Keras
    divides activity penalties by the batch size. The value is multiplied by it in advance: what stands in
    `model.losses` is R. Masked steps are counted too. A layer with `return_state=True` has outputs without steps: set
    the regularizer on an `Identity` layer after it.

    Args:
        strength: β, in [0, ∞). Defaults to 1.

    Call arguments:
        x: Activities, `(batch, steps, ..., units)`.

    Raises:
        ValueError: when called, for a tensor of rank less than 3.

    Reference:
        Merity et al. 2017, "Revisiting Activation Regularization for Language RNNs", section 3.2.

    Example:

    >>> layer = keras.layers.Identity(activity_regularizer=TemporalActivityL2(1.0))
    >>> _ = layer(ops.array([[[1.0], [3.0], [3.0]]]))
    >>> float(layer.losses[0])
    2.0
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float = 1.0):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength

    def __call__(self, x):
        x = in_float32(x)
        expect_activities(x, 3, "TemporalActivityL2", "(batch, steps, ..., units)")
        return self.strength * batch_size(x) * mean_squared_change(x)

    def get_config(self):
        return {"strength": self.strength}
