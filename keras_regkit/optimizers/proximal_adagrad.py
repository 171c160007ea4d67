"""Adagrad with proximal steps."""

import keras

from keras_regkit.optimizers.proximal import Proximal


@keras.saving.register_keras_serializable("keras_regkit")
class ProximalAdagrad(Proximal, keras.optimizers.Adagrad):
    """Adagrad that takes L1, group lasso and other penalties by proximal steps: weights become exactly zero.

    Use it with a proximal step as long for each weight as Adagrad's own: sparse linear models on rare features.

    See `Proximal` for the penalties it knows and what it does with them.

    Args:
        args, kwargs: As for `keras.optimizers.Adagrad`.

    Example:

    >>> lasso = keras.layers.Dense(1, kernel_regularizer=keras.regularizers.L1(0.01))
    >>> model = keras.Sequential([keras.Input((4,)), lasso])
    >>> model.compile(ProximalAdagrad(0.01), "mse")
    """
