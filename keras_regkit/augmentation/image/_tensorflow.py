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


def once(make, images, numbers, shape, dtype):
    """Returns `make(images)`, images, so that XLA computes them once and not again for each use of theirs.

    XLA computes what it reads where it uses it, gathers too, but nothing across the border of a branch. That these
    numbers are finite is what it cannot know.
    """

    # The gradient of a branch needs what XLA has no kernel for, unless all around it is compiled too.
    @tf.custom_gradient
    def made(images):
        def gradient(upstream):
            with tf.GradientTape() as tape:
                tape.watch(images)
                again = make(images)
            return tape.gradient(again, images, upstream)

        finite = tf.reduce_max(numbers) < float("inf")
        return tf.cond(finite, lambda: make(images), lambda: tf.zeros(shape, dtype)), gradient

    return made(images)
