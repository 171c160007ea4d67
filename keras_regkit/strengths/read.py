"""Which strengths a model has."""

import keras

from keras_regkit._core.strength import strengths_in


def read(model: keras.Model) -> dict[str, float]:
    """Returns the strengths that can move in a model, as they stand.

    Use it to find the names under which `callbacks.StrengthMonitor` logs them and `callbacks.StrengthSchedule` drives
    them.

    Args:
        model: A model with layers, regularizers or a loss of this package. Those of Keras keep their strengths out of
            reach: a compiled step holds them as constants.

    Returns:
        Dict from the name (of the layer, regularizer or loss) to the present value.

    Example:

    >>> from keras_regkit.layers import Dropout
    >>> read(keras.Sequential([keras.Input((3,)), Dropout(0.5, name="drop")]))
    {'drop': 0.5}
    """
    return {name: strength.current() for name, strength in strengths_in(model).items()}
