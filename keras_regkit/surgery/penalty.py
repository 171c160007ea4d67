"""How much each weight's penalty adds to the loss."""

import keras
from keras import ops

from keras_regkit._core.paths import weight_paths


def penalty(model: keras.Model) -> dict[str, float]:
    """Returns what the penalties on a model's weights add to its loss, weight by weight.

        total = Σ_w regularizer_w(w),   over the trainable weights w that have one

    Frozen weights are left out, as Keras leaves them out of `model.losses`. So are activity regularizers and what
    layers add in their call: they depend on the data.

    Args:
        model: A built model of any kind.

    Returns:
        A dict from the weight's path to its penalty, and from `"total"` to their sum, all floats.

    Example:

    >>> import keras
    >>> l2 = keras.regularizers.L2(0.5)
    >>> layer = keras.layers.Dense(1, kernel_initializer="ones", kernel_regularizer=l2, name="out")
    >>> penalty(keras.Sequential([keras.Input((3,)), layer]))
    {'out/kernel': 1.5, 'total': 1.5}
    """
    trained = {id(variable) for variable in model.trainable_weights}
    penalties = {
        weight.path: _number(weight.variable.regularizer(weight.variable))
        for weight in weight_paths(model)
        if weight.variable.regularizer is not None and id(weight.variable) in trained
    }
    return {**penalties, "total": sum(penalties.values(), 0.0)}


def _number(tensor):
    return float(ops.convert_to_numpy(ops.sum(tensor)))
