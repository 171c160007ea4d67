"""Kernels as a length times a direction."""

import keras
from keras import ops

from keras_regkit.layers._reparametrized import Reparametrized


def norms_of(v, axes):
    """Returns the norm of each unit's weights, 1 where all are zero, with the summed axes kept.

    Args:
        v: Kernel.
        axes: The axes that belong to one unit.
    """
    squares = ops.sum(ops.square(v), axis=axes, keepdims=True)
    # The square root has no gradient at zero: such a unit is divided by 1 instead, and stays at zero.
    return ops.sqrt(ops.where(squares > 0, squares, 1))


@keras.saving.register_keras_serializable("keras_regkit")
class WeightNormalization(Reparametrized):
    """Learns the length and the direction of each unit's weights apart.

    Use it where batch normalization does not fit (tiny batches, recurrent or generative models, reinforcement
    learning): it steadies the step size like batch normalization does, without looking at the batch.

    For the weights w of each output unit:

        w = g · v / ‖v‖₂

    v is the layer's kernel variable. g is a weight of this wrapper, one number per unit; it starts at ‖v‖₂, so that the
    layer first computes what it would without the wrapper, also one that was trained before. The input may be scaled as
    it likes, ‖v‖ only grows and needs no decay: keep weight decay and penalties away from v.

    Args:
        layer: The layer to wrap, with a `kernel`: Dense, EinsumDense, Conv, DepthwiseConv, ConvTranspose, or your own
            (then all axes but the last are taken to be a unit's inputs).
        **kwargs: `name`, `trainable` and `dtype`, as for every layer. The dtype defaults to that of `layer`.

    Call arguments:
        inputs: As `layer` takes them.
        training: Python boolean, handed on to `layer`.

    Returns:
        What `layer` returns.

    Raises:
        ValueError: `layer` is no layer; when built, it has no kernel.

    Reference:
        Salimans & Kingma 2016, "Weight Normalization", eq. 2.

    Example:

    >>> import numpy as np
    >>> layer = WeightNormalization(keras.layers.Dense(2))
    >>> layer(np.ones((1, 3))).shape == (1, 2)
    True
    >>> [w.name for w in layer.weights]
    ['g', 'kernel', 'bias']
    """

    def build(self, input_shape):
        super().build(input_shape)
        shape = tuple(self.layer.kernel.shape)
        self.g = self.add_weight(
            shape=[size for axis, size in enumerate(shape) if axis not in self.input_axes],
            initializer=self._initial_g,
            name="g",
            autocast=False,
        )

    def _initial_g(self, shape, dtype=None):
        squares = ops.sum(ops.square(self.stored_kernel()), axis=self.input_axes)
        return ops.cast(ops.reshape(ops.sqrt(squares), shape), dtype)

    def effective_kernel(self, training):
        v = self.stored_kernel()
        norms = norms_of(v, self.input_axes)
        return ops.reshape(ops.cast(self.g, v.dtype), norms.shape) * (v / norms)
