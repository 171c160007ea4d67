"""Training steps to be timed: compiled, on data that lie ready, without the rest of `fit`."""

import keras
import numpy as np


def trainer(model, x, y, *, jit, steps=8):
    """Compiles `model` and returns a function that takes `steps` training steps on the one batch `(x, y)`."""
    model.compile(keras.optimizers.SGD(1e-4), "mse", jit_compile=jit)
    rows = len(x)
    x, y = np.tile(x, (steps, *[1] * (x.ndim - 1))), np.tile(y, (steps, *[1] * (y.ndim - 1)))
    return lambda: model.fit(x, y, batch_size=rows, epochs=1, shuffle=False, verbose=0)


def modes():
    """Whether to jit, for the active backend: both on TensorFlow, jit on JAX, eager on torch."""
    return {"tensorflow": (False, True), "jax": (True,), "torch": (False,)}[keras.backend.backend()]


def noise(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def mode(jit):
    """How the backend is named in the tables."""
    backend = keras.backend.backend()
    return f"{backend} jit" if jit and backend == "tensorflow" else backend
