"""SGD with proximal steps."""

import keras

from keras_regkit.optimizers.proximal import Proximal


@keras.saving.register_keras_serializable("keras_regkit")
class ProximalSGD(Proximal, keras.optimizers.SGD):
    """SGD that takes L1, group lasso and other penalties by proximal steps: weights become exactly zero.

    Use it plain or with momentum. It is the proximal gradient method, with the same step for all weights.

    See `Proximal` for the penalties it knows and what it does with them.

    Args:
        args, kwargs: As for `keras.optimizers.SGD`.

    Example:

    >>> lasso = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L1(0.01))
    >>> model = keras.Sequential([keras.Input((4,)), lasso])
    >>> model.compile(ProximalSGD(0.01), "mse")
    """
