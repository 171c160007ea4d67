"""A penalty that belongs to a layer."""

import keras


class OwnPenalty(keras.regularizers.Regularizer):
    """A function as the regularizer of a weight: a term of the layer's own, part of what it is, and no user's choice.

    Before 3.15 Keras takes no plain function there.

    Args:
        function: Function of the weight that returns a scalar.
    """

    def __init__(self, function):
        self.function = function

    def __call__(self, x):
        return self.function(x)
