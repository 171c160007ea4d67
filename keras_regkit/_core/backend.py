"""The one place that branches on the backend."""

import contextlib
import logging

import keras
import numpy as np


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


def run_inference(model, function, *args, values=None):
    """Runs `function(*args)` as `compile_inference` would, once and without compiling it.

    Args:
        model: A built Keras model.
        function: As for `compile_inference`.
        *args: Arrays or tensors, nested as the function wants them.
        values: What the model's variables are to be meanwhile, a list of arrays. Defaults to what they are.
    """
    given = [v.value for v in model.variables] if values is None else to_tensors(values)
    mapping = list(zip(model.variables, given, strict=True))
    with _without_gradients(), keras.StatelessScope(mapping, collect_losses=True):
        return function(*to_tensors(args))


@contextlib.contextmanager
def _without_gradients():
    if keras.backend.backend() != "torch":
        yield
        return
    import torch

    # Dropout draws from torch's own generator, which is to go on from where it was.
    with torch.no_grad(), torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        yield


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


def gradients_of(model, function):
    """Compiles the gradients of a scalar `function(*args)`, which reads `model`, so that calling it changes nothing.

    Args:
        model: A built Keras model.
        function: As for `compile_inference`, with a scalar as result.

    Returns:
        A function with the same arguments that returns a list of tensors, one per trainable weight of the model; zeros
        for weights that play no part.
    """
    backend = keras.backend.backend()
    # With the metrics' variables: a loss of several outputs keeps a mean of each.
    variables = [*model.trainable_variables, *model.non_trainable_variables, *model.metrics_variables]
    trainable = len(model.trainable_variables)

    def in_scope(weights, others, *args):
        mapping = list(zip(variables, [*weights, *others], strict=True))
        with keras.StatelessScope(mapping, collect_losses=True):
            return function(*args)

    def values():
        read = [v.value for v in variables]
        return read[:trainable], read[trainable:]

    if backend == "tensorflow":
        import tensorflow as tf

        def in_tape(*args):
            weights, others = tf.nest.map_structure(tf.convert_to_tensor, values())
            with tf.GradientTape(watch_accessed_variables=False) as tape:
                tape.watch(weights)
                value = in_scope(weights, others, *args)
            gradients = tape.gradient(value, weights, unconnected_gradients=tf.UnconnectedGradients.ZERO)
            return [tf.convert_to_tensor(gradient) for gradient in gradients]  # those of embeddings are slices

        return _in_graph(in_tape)
    if backend == "jax":
        import jax

        compiled = jax.jit(jax.grad(in_scope))
        return lambda *args: compiled(*values(), *args)
    if backend == "torch":
        import torch

        def with_gradient(*args):
            weights, others = values()
            weights = [weight.detach().requires_grad_() for weight in weights]
            value = in_scope(weights, others, *to_tensors(args))
            gradients = torch.autograd.grad(value, weights, allow_unused=True)
            return [torch.zeros_like(w) if g is None else g for w, g in zip(weights, gradients, strict=True)]

        return with_gradient
    raise NotImplementedError(f"Gradients need the TensorFlow, JAX or torch backend. Active backend: {backend}")


def to_tensors(structure):
    """Returns the same nested structure with its arrays as tensors; None stays None."""
    return keras.tree.map_structure(lambda leaf: None if leaf is None else keras.ops.convert_to_tensor(leaf), structure)


def to_numpy(variable):
    """Returns the value of a Keras variable as an array of its own."""
    if keras.backend.backend() == "tensorflow":
        return np.array(variable.numpy())  # NumPy 2 warns about the array interface of TensorFlow's tensors
    return np.array(keras.ops.convert_to_numpy(variable.value))


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


def when_differentiated(value, then):
    """Returns `value`; calls `then` if, and when, a gradient is taken of it.

    Args:
        value: Tensor.
        then: Function without arguments that assigns to variables.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        @tf.custom_gradient
        def passing(tensor):
            def backward(upstream):
                then()
                return upstream

            return tf.identity(tensor), backward

        return passing(value)
    if backend == "jax":
        import jax

        seen = []

        @jax.custom_jvp
        def passing(tensor):
            return tensor

        @passing.defjvp
        def _(primals, tangents):
            seen.append(True)
            return primals[0], tangents[0]

        value = passing(value)
        # Tracing is over when the call returns; an assignment within a rule would leak the tracer.
        if seen:
            then()
        return value
    if backend == "torch" and value.requires_grad:
        value.register_hook(lambda upstream: then())
    return value


def graph_being_traced():
    """The graph that TensorFlow is recording a function in; None in eager execution, and on other backends."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    return None if tf.executing_eagerly() else tf.compat.v1.get_default_graph()


def is_traced(tensor):
    """Whether `tensor` stands for one in a computation that JAX is recording."""
    if keras.backend.backend() != "jax":
        return False
    import jax

    return isinstance(tensor, jax.core.Tracer)


@contextlib.contextmanager
def torch_seeded(seed):
    """Within, torch's own generator starts from `seed`; after, it goes on from where it was. Elsewhere it does nothing.

    On torch, dropout layers that were given no seed draw from that generator, and not from one of their own.

    Args:
        seed: Integer tensor of any shape.
    """
    if keras.backend.backend() != "torch" or seed.device.type == "meta":  # shapes alone are being worked out
        yield
        return
    import torch

    devices = [seed.device] if seed.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(int(seed.sum()))
        yield


def is_known(tensor):
    """Whether the numbers in `tensor` can be read now, as opposed to those of a computation that is being recorded."""
    if keras.utils.is_keras_tensor(tensor) or is_traced(tensor) or graph_being_traced() is not None:
        return False
    if not keras.ops.is_tensor(tensor):
        # A tensor of TensorFlow beside another backend may be one that `tf.data` is recording.
        return isinstance(tensor, np.ndarray)
    if keras.backend.backend() == "torch":
        import torch

        return tensor.device.type != "meta" and not torch.compiler.is_compiling()
    return True


def gradient_at(function, tensor):
    """Returns the gradient of a scalar `function(tensor)` that reads no variables, also where no gradients are taken.

    Zeros where the function does not depend on its argument.
    """
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        tensor = tf.convert_to_tensor(tensor)
        with tf.GradientTape(watch_accessed_variables=False) as tape:
            tape.watch(tensor)
            value = function(tensor)
        return tape.gradient(value, tensor, unconnected_gradients=tf.UnconnectedGradients.ZERO)
    if backend == "jax":
        import jax

        return jax.grad(function)(tensor)
    if backend == "torch":
        import torch

        with torch.enable_grad():
            tensor = tensor.detach().requires_grad_()
            value = function(tensor)
            if not value.requires_grad:
                return torch.zeros_like(tensor)
            return torch.autograd.grad(value, tensor, materialize_grads=True)[0]
    raise NotImplementedError(f"Gradients need the TensorFlow, JAX or torch backend. Active backend: {backend}")


def replicas_in_sync():
    """Number of replicas that `tf.distribute` trains on, over which Keras splits the penalties; 1 elsewhere."""
    if keras.backend.backend() != "tensorflow":
        return 1
    import tensorflow as tf

    return tf.distribute.get_strategy().num_replicas_in_sync


def is_detached(variable):
    """Whether a variable has no value now: on JAX, within `fit`, and after a step that failed."""
    return keras.backend.backend() == "jax" and getattr(variable, "_value", variable) is None


def eagerly():
    """Within, values can be read also while TensorFlow records a function, as when `fit` builds an optimizer."""
    if keras.backend.backend() != "tensorflow":
        return contextlib.nullcontext()
    import tensorflow as tf

    return tf.init_scope()


def has_accelerator():
    """Whether the active backend computes on something faster than the CPU."""
    backend = keras.backend.backend()
    if backend == "tensorflow":
        import tensorflow as tf

        return any(device.device_type != "CPU" for device in tf.config.list_physical_devices())
    if backend == "jax":
        import jax

        return jax.default_backend() != "cpu"
    if backend == "torch":
        import torch

        return torch.accelerator.is_available() if hasattr(torch, "accelerator") else torch.cuda.is_available()
    return False
