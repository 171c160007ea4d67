"""Whose functions compute: Keras' own, or TensorFlow's where `tf.data` runs beside another backend."""

import sys

import keras


def is_foreign(value):
    """Whether `value` is a tensor of a TensorFlow graph, as in `tf.data`, and Keras runs on another backend."""
    if keras.backend.backend() == "tensorflow" or "tensorflow" not in sys.modules:
        return False
    from keras_regkit.augmentation import _tensorflow

    return any(_tensorflow.is_symbolic(leaf) for leaf in keras.tree.flatten(value))


def ops_for(value):
    """Returns the module whose functions take `value`: `keras.ops`, or one that has the same few for TensorFlow."""
    if is_foreign(value):
        from keras_regkit.augmentation import _tensorflow

        return _tensorflow
    return keras.ops


def compiled(function):
    """Compiles `function(spec, *tensors)` with XLA where the backend has it; `spec` is hashable and static.

    Args:
        function: Gets `spec` and tensors, or lists of them; draws no random numbers, since XLA draws others.

    Returns:
        A function with the same arguments and results. Within a step that is being compiled it becomes part of that.
    """
    backend = keras.backend.backend()
    ours = _compiled_by(backend, function)
    if backend == "tensorflow":
        return ours
    theirs = []

    def call(spec, *tensors):
        if not is_foreign(tensors):
            return ours(spec, *tensors)
        if not theirs:
            theirs.append(_compiled_by("tensorflow", function))
        return theirs[0](spec, *tensors)

    return call


def _compiled_by(backend, function):
    if backend == "tensorflow":
        from keras_regkit.augmentation import _tensorflow

        return _tensorflow.compiled(function)
    if backend == "jax":
        from keras_regkit.augmentation import _jax

        return _jax.compiled(function)
    return function
