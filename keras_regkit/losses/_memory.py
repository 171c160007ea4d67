"""One row of numbers per sample, held by a loss."""

import keras

from keras_regkit._core.backend import to_numpy


class Memory(keras.layers.Layer):
    """A weight of zeros, `(samples, classes)`, that a layer of the model may hold.

    The loss saves it: saved with the layer, it would be lost on loading, where the layer is new and holds none.

    Args:
        samples, classes: The shape.
        name: Name of the layer.
    """

    def __init__(self, samples, classes, name):
        super().__init__(name=name, dtype="float32", autocast=False)
        self.targets = self.add_weight(
            shape=(samples, classes), initializer="zeros", trainable=False, autocast=False, name="targets"
        )
        self.built = True

    def read(self):
        """Returns the numbers as an array of their own."""
        return to_numpy(self.targets)

    def save_own_variables(self, store):
        pass

    def load_own_variables(self, store):
        pass
