"""Tensors of strings: computed by Python, at once or from within a graph."""

import numpy as np
import tensorflow as tf

from keras_regkit.augmentation.text._forms import decode, encode


def is_tensor(value):
    """Whether `value` is a tensor of TensorFlow, ragged ones included."""
    return tf.is_tensor(value) or isinstance(value, tf.RaggedTensor)


def is_dense(value):
    """Whether `value` is a dense tensor."""
    return tf.is_tensor(value) and hasattr(value, "dtype") and not isinstance(value, tf.RaggedTensor | tf.SparseTensor)


def is_symbolic(value):
    """Whether `value` is a tensor of a graph that is being built."""
    return tf.is_tensor(value) and tf.is_symbolic_tensor(value)


def mapped(function, texts, numbers=None):
    """Returns the tensor of new texts.

    Args:
        function: Function of a list of strings, and of the array `numbers` if there is one, that returns a list.
        texts: Tensor of strings, of any shape.
        numbers: Tensor that is known when the function runs, or None.
    """

    def run(values, *numbers):
        array = np.asarray(values, dtype=object)
        new = np.empty(array.size, dtype=object)
        new[:] = [encode(text) for text in function([decode(value) for value in array.ravel().tolist()], *numbers)]
        return new.reshape(array.shape)

    if not is_symbolic(texts):
        return tf.constant(run(texts.numpy()), shape=texts.shape, dtype=tf.string)
    new = tf.numpy_function(run, [texts] if numbers is None else [texts, numbers], tf.string, stateful=True)
    return tf.ensure_shape(new, texts.shape)
