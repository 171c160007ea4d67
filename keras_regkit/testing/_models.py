"""The small models and the data that components are tried in."""

import contextlib

import keras
import numpy as np
from keras import ops

from keras_regkit.testing._rules import expect

POLICIES = ("float32", "mixed_float16", "mixed_bfloat16")
BATCH = 4


class Batches(keras.utils.PyDataset):
    """Arrays as a `PyDataset`."""

    def __init__(self, x, y, batch_size):
        super().__init__()
        self.x, self.y, self.batch_size = x, y, batch_size

    def __len__(self):
        return -(-len(keras.tree.flatten(self.x)[0]) // self.batch_size)

    def __getitem__(self, index):
        rows = slice(index * self.batch_size, (index + 1) * self.batch_size)
        return keras.tree.map_structure(lambda a: a[rows], (self.x, self.y))


def datasets(x, y, batch_size=BATCH):
    """Yields the arrays in the kinds of dataset that `fit` takes on this backend: PyDataset, tf.data on TensorFlow."""
    yield Batches(x, y, batch_size)
    if keras.backend.backend() == "tensorflow":
        from keras_regkit.testing._tensorflow import as_dataset

        yield as_dataset(x, y, batch_size)


def can_jit():
    """Whether `jit_compile=True` is tried. Not on torch: torch.compile needs a C++ compiler and takes minutes."""
    return keras.backend.backend() != "torch"


@contextlib.contextmanager
def dtype_policy(name):
    """Makes `name` the global dtype policy for the body of the `with`."""
    before = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(before)


def symbolic(x):
    """Returns the `keras.Input`s for a nested structure of arrays."""
    if isinstance(x, dict):  # Keras wants the tensors named after the keys
        return {key: keras.Input(a.shape[1:], dtype=a.dtype.name, name=key) for key, a in x.items()}
    return keras.tree.map_structure(lambda a: keras.Input(a.shape[1:], dtype=a.dtype.name), x)


def to_numpy(structure):
    """Returns the tensors of a nested structure as a flat list of arrays; 16-bit floats widened."""
    return [ops.convert_to_numpy(widened(tensor)) for tensor in keras.tree.flatten(structure)]


def number(tensor):
    """Returns a scalar tensor as a float. `float(tensor)` warns on torch while gradients are recorded."""
    return float(ops.convert_to_numpy(tensor))


def widened(tensor):
    return ops.cast(tensor, "float32") if is_float(tensor) else tensor


def is_float(tensor):
    return "float" in keras.backend.standardize_dtype(tensor.dtype)


def same(a, b, tolerance=1e-5):
    """Whether two nested structures of tensors hold the same numbers."""
    a, b = to_numpy(a), to_numpy(b)
    return len(a) == len(b) and all(
        p.shape == q.shape and np.allclose(p, q, rtol=tolerance, atol=tolerance) for p, q in zip(a, b, strict=True)
    )


def expect_finite(structure, what):
    for array in to_numpy(structure):
        expect(np.isfinite(array).all(), f"{what} is not finite: {array.ravel()[:8]}")


def fit_two_steps(model, *data, loss="mse", jit_compile=False):
    """Compiles `model` once and fits it for two steps on each dataset; the loss and the weights must stay finite."""
    model.compile(keras.optimizers.SGD(1e-3), loss, jit_compile=jit_compile)
    for each in data:
        history = model.fit(each, epochs=1, verbose=0, shuffle=False)
        value = history.history["loss"][0]
        expect(np.isfinite(value), f"the loss is {value} on a {type(each).__name__}")
        expect_finite(model.get_weights(), f"a weight after two steps on a {type(each).__name__}")


def weighted_model(shapes, initializer="glorot_uniform", **lever):
    """Returns a model with one Dense or convolution kernel of each of `shapes`.

    Args:
        shapes: Kernel shapes: `(inputs, units)` for Dense, `(*window, inputs, filters)` for a convolution.
        initializer: Kernel initializer.
        **lever: `kernel_regularizer` or `kernel_constraint`, handed to every layer.
    """
    inputs, outputs = {}, []
    for index, shape in enumerate(shapes):
        if len(shape) == 2:
            x = keras.Input(shape[:1], name=f"x{index}")
            layer = keras.layers.Dense(shape[1], kernel_initializer=initializer, **lever)
        else:
            convolution = {3: keras.layers.Conv1D, 4: keras.layers.Conv2D, 5: keras.layers.Conv3D}[len(shape)]
            x = keras.Input((*shape[:-2], shape[-2]), name=f"x{index}")
            layer = convolution(shape[-1], shape[:-2], kernel_initializer=initializer, **lever)
        inputs[f"x{index}"] = x
        outputs.append(keras.layers.Flatten()(layer(x)))
    return keras.Model(inputs, keras.layers.Concatenate()(outputs) if len(outputs) > 1 else outputs[0])


def noise_for(model, seed=0):
    """Returns 2 batches of normal inputs for `model`, and zeros as targets."""
    random = np.random.default_rng(seed)
    x = keras.tree.map_structure(lambda i: random.normal(size=(2 * BATCH, *i.shape[1:])).astype("float32"), model.input)
    y = np.zeros((2 * BATCH, *model.output_shape[1:]), "float32")
    return x, y


def kernels(shapes, scale=1.0, seed=0):
    """Returns normal weights of each shape."""
    random = np.random.default_rng(seed)
    return [(scale * random.normal(size=shape)).astype("float32") for shape in shapes]
