"""AdamW with a learning rate for each layer."""

import keras

from keras_regkit.optimizers.learning_rate_multipliers import LearningRateMultipliers


@keras.saving.register_keras_serializable("keras_regkit")
class LearningRateMultipliersAdamW(LearningRateMultipliers, keras.optimizers.AdamW):
    """AdamW with a learning rate for each layer.

    Use it, and set it up, as `LearningRateMultipliers` says.

    Args:
        args, kwargs: As for `keras.optimizers.AdamW`, and by keyword those of `LearningRateMultipliers`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(LearningRateMultipliersAdamW(0.01, multipliers={"head/.*": 0.1}), "mse")
    """
