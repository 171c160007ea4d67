"""SGD with noise on the gradients that fades."""

import keras

from keras_regkit.optimizers.gradient_noise import GradientNoise


@keras.saving.register_keras_serializable("keras_regkit")
class GradientNoiseSGD(GradientNoise, keras.optimizers.SGD):
    """SGD with noise on the gradients that fades.

    Use it, and set it up, as `GradientNoise` says.

    Args:
        args, kwargs: As for `keras.optimizers.SGD`, and by keyword those of `GradientNoise`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(GradientNoiseSGD(0.01, eta=0.3, seed=0), "mse")
    """
