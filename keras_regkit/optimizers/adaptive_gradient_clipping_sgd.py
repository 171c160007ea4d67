"""SGD with the gradient of each unit clipped to a share of its weights."""

import keras

from keras_regkit.optimizers.adaptive_gradient_clipping import AdaptiveGradientClipping


@keras.saving.register_keras_serializable("keras_regkit")
class AdaptiveGradientClippingSGD(AdaptiveGradientClipping, keras.optimizers.SGD):
    """SGD with the gradient of each unit clipped to a share of its weights.

    Use it, and set it up, as `AdaptiveGradientClipping` says.

    Args:
        args, kwargs: As for `keras.optimizers.SGD`, and by keyword those of `AdaptiveGradientClipping`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(AdaptiveGradientClippingSGD(0.01, momentum=0.9, clipping=0.02), "mse")
    """
