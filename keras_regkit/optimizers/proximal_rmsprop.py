"""RMSprop with proximal steps."""

import keras

from keras_regkit.optimizers.proximal import Proximal


@keras.saving.register_keras_serializable("keras_regkit")
class ProximalRMSprop(Proximal, keras.optimizers.RMSprop):
    """RMSprop that takes L1, group lasso and other penalties by proximal steps: weights become exactly zero.

    Use it with a proximal step as long for each weight as RMSprop's own.

    See `Proximal` for the penalties it knows and what it does with them.

    Args:
        args, kwargs: As for `keras.optimizers.RMSprop`.

    Example:

    >>> lasso = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L1(0.01))
    >>> model = keras.Sequential([keras.Input((4,)), lasso])
    >>> model.compile(ProximalRMSprop(0.01), "mse")
    """
