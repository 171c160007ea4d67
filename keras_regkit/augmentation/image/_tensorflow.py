"""Resampling on TensorFlow."""

import tensorflow as tf

from keras_regkit.augmentation.image import _interpolation

def rows(table, index):
    """Returns rows of a matrix; every index is within."""
    return tf.gather(table, index)


def bilinear(table, x, y, ops):
    """Returns the colours at points; see `_interpolation.bilinear`."""
    return _interpolation.bilinear(table, x, y, rows, ops)


def barrier(tensors):
    """Returns the small matrices `tensors` so that XLA computes them once, not again for each pixel.

    XLA computes cheap things where they are used, but no product of matrices. In 64 bits it changes nothing.
    """
    return [_through_product(tensor) for tensor in tensors]


def _through_product(tensor):
    count = tensor.shape[1:].num_elements()
    if not tensor.dtype.is_floating or not count:
        return tensor
    shape = tf.shape(tensor)
    numbers = tf.cast(tf.reshape(tensor, (shape[0], count)), tf.float64)
    numbers = tf.matmul(numbers, tf.eye(count, dtype=tf.float64))
    return tf.cast(tf.reshape(numbers, shape), tensor.dtype)


def done(images):
    """Returns images so that XLA computes them once, and not again for each use of theirs."""
    graph = tf.compat.v1.get_default_graph()
    return graph.create_op("XlaOptimizationBarrier", [images], [images.dtype], attrs={"T": tf.compat.v1.AttrValue(list=tf.compat.v1.AttrValue.ListValue(type=[images.dtype.as_datatype_enum]))}).outputs[0]
