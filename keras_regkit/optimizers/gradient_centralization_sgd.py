"""SGD with gradients without their mean."""

import keras

from keras_regkit.optimizers.gradient_centralization import GradientCentralization


@keras.saving.register_keras_serializable("keras_regkit")
class GradientCentralizationSGD(GradientCentralization, keras.optimizers.SGD):
    """SGD with gradients without their mean.

    Use it, and set it up, as `GradientCentralization` says.

    Args:
        args, kwargs: As for `keras.optimizers.SGD`, and by keyword those of `GradientCentralization`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(GradientCentralizationSGD(0.01, momentum=0.9), "mse")
    """
