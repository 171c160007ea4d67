"""Augmentation on TensorFlow: XLA, and the functions of `keras.ops` that augmentation needs, for `tf.data`.

Within `tf.data`, tensors are TensorFlow's whatever the backend of Keras. The functions here have the names and
arguments of those in `keras.ops`, so that the same code computes with either.
"""

import functools

import tensorflow as tf
from tensorflow import (  # noqa: F401
    abs,
    argsort,
    cos,
    equal,
    exp,
    floor,
    greater,
    less,
    logical_and,
    logical_not,
    logical_or,
    maximum,
    minimum,
    ones_like,
    round,
    sign,
    sin,
    sqrt,
    square,
    tan,
    where,
    zeros_like,
)
from tensorflow.math import expm1, log, log1p  # noqa: F401


def is_symbolic(value):
    """Whether `value` is a tensor of a graph that is being built."""
    return tf.is_tensor(value) and tf.is_symbolic_tensor(value)


def as_written(function):
    """Returns the function so that `tf.data` does not rewrite it, and warn of what it cannot rewrite."""
    return tf.autograph.experimental.do_not_convert(function)


def compiled(function):
    """Compiles `function(spec, *tensors)` with XLA, once for each `spec` and each shape."""
    compilations = {}

    def call(spec, *tensors):
        if spec not in compilations:
            step = functools.partial(function, spec)
            compilations[spec] = tf.function(step, jit_compile=True, reduce_retracing=True, autograph=False)
        return compilations[spec](*tensors)

    return call


class Draws:
    """Uniform numbers for a layer within `tf.data`, from a counter that every call moves on.

    Args:
        seed: Integer.
    """

    def __init__(self, seed):
        with tf.init_scope():
            self._generator = tf.random.Generator.from_seed(seed)

    def uniform(self, shape):
        """Returns float32 numbers in [0, 1)."""
        return self._generator.uniform(shape)


def seeded_uniform(shape, seed):
    """Returns the float32 numbers in [0, 1) that belong to `seed`, two integers."""
    return tf.random.stateless_uniform(shape, seed)


def shape(x):
    known, dynamic = x.shape.as_list(), tf.shape(x)
    return tuple(dynamic[axis] if size is None else size for axis, size in enumerate(known))


def convert_to_tensor(x, dtype=None):
    return tf.cast(x, dtype) if tf.is_tensor(x) and dtype else tf.convert_to_tensor(x, dtype)


def cast(x, dtype):
    return tf.cast(x, dtype)


def arange(start, stop=None, step=1, dtype=None):
    return tf.range(start, stop, step, dtype=dtype) if stop is not None else tf.range(start, dtype=dtype)


def reshape(x, newshape):
    return tf.reshape(x, newshape)


def transpose(x, axes=None):
    return tf.transpose(x, axes)


def expand_dims(x, axis):
    return tf.expand_dims(x, axis)


def squeeze(x, axis=None):
    return tf.squeeze(x, axis)


def stack(x, axis=0):
    return tf.stack(x, axis)


def concatenate(xs, axis=-1):
    return tf.concat(xs, axis)


def broadcast_to(x, shape):
    return tf.broadcast_to(x, shape)


def zeros(shape, dtype="float32"):
    return tf.zeros(shape, dtype)


def ones(shape, dtype="float32"):
    return tf.ones(shape, dtype)


def clip(x, x_min, x_max):
    return tf.clip_by_value(x, x_min, x_max)


def pad(x, pad_width, mode="constant", constant_values=None):
    return tf.pad(x, pad_width, mode, constant_values=0 if constant_values is None else constant_values)


def take(x, indices, axis=None):
    return tf.gather(x, indices, axis=axis)


def take_along_axis(x, indices, axis=None):
    return tf.gather(x, indices, axis=axis, batch_dims=axis % x.shape.rank)


def matmul(x1, x2):
    return tf.matmul(x1, x2)


def einsum(subscripts, *operands):
    return tf.einsum(subscripts, *operands)


def mean(x, axis=None, keepdims=False):
    return tf.reduce_mean(x, axis, keepdims)


def sum(x, axis=None, keepdims=False):
    return tf.reduce_sum(x, axis, keepdims)


def max(x, axis=None, keepdims=False):
    return tf.reduce_max(x, axis, keepdims)


def min(x, axis=None, keepdims=False):
    return tf.reduce_min(x, axis, keepdims)


def any(x, axis=None, keepdims=False):
    return tf.reduce_any(x, axis, keepdims)


def all(x, axis=None, keepdims=False):
    return tf.reduce_all(x, axis, keepdims)


def cumsum(x, axis):
    return tf.cumsum(x, axis)


def mod(x1, x2):
    return tf.math.floormod(x1, x2)


def floor_divide(x1, x2):
    return tf.math.floordiv(x1, x2)


def one_hot(x, num_classes, dtype="float32"):
    return tf.one_hot(x, num_classes, dtype=dtype)


def roll(x, shift, axis):
    return tf.roll(x, shift, axis)


def flip(x, axis):
    return tf.reverse(x, [axis])


def bitwise_and(x, y):
    return tf.bitwise.bitwise_and(x, y)


def bitwise_xor(x, y):
    return tf.bitwise.bitwise_xor(x, y)


def right_shift(x, y):
    return tf.bitwise.right_shift(x, y)


def segment_sum(data, segment_ids, num_segments):
    return tf.math.unsorted_segment_sum(data, segment_ids, num_segments)


def scatter_update(inputs, indices, updates):
    return tf.tensor_scatter_nd_update(inputs, indices, updates)


def fori_loop(lower, upper, body_fun, init_val):
    step = lambda k, value: (k + 1, body_fun(k, value))  # noqa: E731
    return tf.while_loop(lambda k, _: k < upper, step, (tf.constant(lower), init_val))[1]


def stop_gradient(variable):
    return tf.stop_gradient(variable)


def rfft(x, fft_length=None):
    spectrum = tf.signal.rfft(x, None if fft_length is None else [fft_length])
    return tf.math.real(spectrum), tf.math.imag(spectrum)


def irfft(x, fft_length=None):
    return tf.signal.irfft(tf.complex(*x), None if fft_length is None else [fft_length])


def erfinv(x):
    return tf.math.erfinv(x)


def scan(f, init, xs):
    steps = tf.shape(xs[0])[0]
    ins = [tf.TensorArray(x.dtype, steps).unstack(x) for x in xs]
    outs = [tf.TensorArray(x.dtype, steps) for x in init]

    def body(k, state, outs):
        state, new = f(state, tuple(x.read(k) for x in ins))
        return k + 1, state, [out.write(k, value) for out, value in zip(outs, new, strict=True)]

    _, state, outs = tf.while_loop(lambda k, *_: k < steps, body, (0, init, outs), maximum_iterations=steps)
    return state, tuple(out.stack() for out in outs)


def arctan2(x1, x2):
    return tf.math.atan2(x1, x2)
