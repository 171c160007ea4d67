"""Adam with slow weights that follow it part of the way."""

import keras

from keras_regkit.optimizers.lookahead import Lookahead


@keras.saving.register_keras_serializable("keras_regkit")
class LookaheadAdam(Lookahead, keras.optimizers.Adam):
    """Adam with slow weights that follow it part of the way.

    Use it, and set it up, as `Lookahead` says.

    Args:
        args, kwargs: As for `keras.optimizers.Adam`, and by keyword those of `Lookahead`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(LookaheadAdam(0.01, sync_period=5, slow_step=0.5), "mse")
    """
