"""Layers to wrap, and what they compute with a kernel that is put into them."""

import keras
import numpy as np
from keras import layers, ops

# Name -> layer, shape of one sample, axes of one unit.
WRAPPED = {
    "dense": (lambda: layers.Dense(3, activation="tanh"), (4,), (0,)),
    "conv1d": (lambda: layers.Conv1D(3, 2), (5, 2), (0, 1)),
    "conv2d": (lambda: layers.Conv2D(4, 3, padding="same"), (5, 5, 2), (0, 1, 2)),
    "depthwise": (lambda: layers.DepthwiseConv2D(3, depth_multiplier=2), (5, 5, 2), (0, 1)),
    "transposed": (lambda: layers.Conv2DTranspose(4, 3, strides=2), (4, 4, 2), (0, 1, 3)),
    "einsum": (lambda: layers.EinsumDense("ab,bcd->acd", (2, 3), bias_axes="cd"), (4,), (0,)),
}


class Scaled(layers.Layer):
    """A layer of a user's own with a kernel."""

    def build(self, input_shape):
        self.kernel = self.add_weight(shape=(input_shape[-1], 2), name="kernel")

    def call(self, inputs):
        return 2 * ops.matmul(inputs, self.kernel)


def array(tensor):
    return ops.convert_to_numpy(tensor)


def batch(shape, seed=0):
    return np.random.default_rng(seed).normal(size=(6, *shape)).astype("float32")


def with_kernel(layer, x, kernel):
    """What the layer that is wrapped returns with this kernel."""
    plain = type(layer).from_config(layer.get_config())
    plain.build(x.shape)
    plain.set_weights(layer.get_weights())
    plain.kernel.assign(kernel)
    return array(plain(x))


def gradients(layer, x):
    """The gradients of the mean square of the outputs, by weight name, by differences from a step of SGD."""
    model = keras.Sequential([keras.Input(x.shape[1:]), layer])
    model.compile(keras.optimizers.SGD(1.0), "mse")
    before = {w.path: array(w).copy() for w in model.trainable_variables}
    y = np.zeros_like(array(model(x)))
    model.train_on_batch(x, y)
    return {w.name: before[w.path] - array(w) for w in model.trainable_variables}
