"""AdamW with weight decay that leaves biases, normalization scales and embeddings alone."""

import keras

from keras_regkit.optimizers.weight_decay_policy import WeightDecayPolicy


@keras.saving.register_keras_serializable("keras_regkit")
class WeightDecayPolicyAdamW(WeightDecayPolicy, keras.optimizers.AdamW):
    """AdamW with weight decay that leaves biases, normalization scales and embeddings alone.

    Use it, and set it up, as `WeightDecayPolicy` says.

    Args:
        args, kwargs: As for `keras.optimizers.AdamW`, and by keyword those of `WeightDecayPolicy`.

    Example:

    >>> model = keras.Sequential([keras.Input((4,)), keras.layers.Dense(1, name="head")])
    >>> model.compile(WeightDecayPolicyAdamW(0.01, weight_decay=0.05), "mse")
    """
