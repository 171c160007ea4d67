"""The one place that branches on the backend."""

import contextlib
import logging

import keras


def compile_inference(model, function):
    """Compiles `function(*args)`, which reads `model`, so that calling it changes nothing.

    Every assignment that `function` makes (metrics, seeds, BatchNormalization statistics) is dropped. The
    weights are read anew at each call, so the result follows training.

    Args:
        model: A built Keras model.
        function: Pure but for reads of the model's variables. Gets tensors, or nested structures of them, or None.

    Returns:
        A function with the same arguments and result.
    """
    backend = keras.backend.backend()

    def in_scope(values, *args):
        mapping = list(zip(model.variables, values, strict=True))
        with keras.StatelessScope(mapping, collect_losses=True):
            return function(*args)

    if backend == "tensorflow":
        # Variables are read inside the graph: their values must not become constants of the trace.
        return _in_graph(lambda *args: in_scope([v.value for v in model.variables], *args))
    if backend == "jax":
        import jax

        compiled = jax.jit(in_scope)
        return lambda *args: compiled([v.value for v in model.variables], *args)
    if backend == "torch":
        import torch

        def without_gradient(*args):
            with torch.no_grad():
                return in_scope([v.value for v in model.variables], *to_tensors(args))

        return without_gradient
    return lambda *args: in_scope([v.value for v in model.variables], *args)


def _in_graph(function):
    """Compiles `function` with TensorFlow, once for all batch sizes: the last batch of an epoch is a short one."""
    import tensorflow as tf

    traced = {}

    def call(*args):
        args = to_tensors(args)
        leaves = tf.nest.flatten(args)
        tensors = [leaf for leaf in leaves if leaf is not None]
        key = tuple(None if leaf is None else (leaf.dtype, tuple(leaf.shape[1:])) for leaf in leaves)
        if key not in traced:

            def packed(*tensors):
                given = iter(tensors)
                parts = [None if leaf is None else next(given) for leaf in key]
                return function(*tf.nest.pack_sequence_as(args, parts))

            signature = [tf.TensorSpec([None, *t.shape[1:]], t.dtype) for t in tensors]
            traced[key] = tf.function(packed, input_signature=signature)
        return traced[key](*tensors)

    return call


def to_tensors(structure):
    """Returns the same nested structure with its arrays as tensors; None stays None."""
    return keras.tree.map_structure(lambda leaf: None if leaf is None else keras.ops.convert_to_tensor(leaf), structure)


def is_infinite(dataset):
    """Whether a `tf.data.Dataset` says of itself that it never ends."""
    cardinality = getattr(dataset, "cardinality", None)
    return cardinality is not None and int(cardinality()) == -1  # tf.data.INFINITE_CARDINALITY


@contextlib.contextmanager
def without_retracing_warnings():
    """Keeps TensorFlow from taking many models that are each compiled once for one that is compiled too often."""
    logger = logging.getLogger("tensorflow")

    def other(record):
        return "triggered tf.function retracing" not in record.getMessage()

    logger.addFilter(other)
    try:
        yield
    finally:
        logger.removeFilter(other)
