"""The one place that branches on the backend."""

import keras


def compile_inference(model, function):
    """Compiles `function(*args)`, which reads `model`, so that calling it changes nothing.

    Every assignment that `function` makes (metrics, seeds, BatchNormalization statistics) is dropped. The weights are read
    anew at each call, so the result follows training.

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
        import tensorflow as tf

        # Variables are read inside the graph: their values must not become constants of the trace.
        return tf.function(
            lambda *args: in_scope([v.value for v in model.variables], *args), reduce_retracing=True
        )
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


def to_tensors(structure):
    """Returns the same nested structure with its arrays as tensors; None stays None."""
    return keras.tree.map_structure(
        lambda leaf: None if leaf is None else keras.ops.convert_to_tensor(leaf), structure
    )


def is_infinite(dataset):
    """Whether a `tf.data.Dataset` says of itself that it never ends."""
    cardinality = getattr(dataset, "cardinality", None)
    return cardinality is not None and int(cardinality()) == -1  # tf.data.INFINITE_CARDINALITY
