"""What the tests of noise layers share: drawing many times, and training for a moment."""

import keras
import numpy as np
from keras import ops


def numbers(tensor):
    """Returns a tensor as a float32 array."""
    return ops.convert_to_numpy(ops.cast(tensor, "float32"))


def drawn(layer, x):
    """Returns what one training call makes of `x`."""
    return numbers(layer(x, training=True))


def close_to_share(hits, share, sigmas=4.5):
    """Whether a mean of independent 0s and 1s lies within so many standard errors of the share expected."""
    hits = np.asarray(hits, "float64")
    return abs(hits.mean() - share) <= sigmas * np.sqrt(max(share * (1 - share), 1e-12) / hits.size)


def modes():
    """`jit_compile` as `fit` takes it. Not on torch, where it is torch.compile, which takes minutes."""
    return (False,) if keras.backend.backend() == "torch" else (False, True)


def train(model, x, y, loss="mse", epochs=1, jit_compile=False, optimizer=None):
    """Fits in batches of 4, the last one shorter; returns the losses of the epochs, which must be finite."""
    model.compile(optimizer or keras.optimizers.SGD(1e-2), loss, jit_compile=jit_compile)
    losses = model.fit(x, y, batch_size=4, epochs=epochs, verbose=0, shuffle=False).history["loss"]
    assert np.isfinite(losses).all()
    return losses


def works_time_distributed(layer, x):
    """Whether `TimeDistributed(layer)` passes `x`, `(batch, steps, ...)`, through at inference, and not in training."""
    wrapped = keras.layers.TimeDistributed(layer)
    same = np.allclose(numbers(wrapped(x, training=False)), x)
    return same and not np.allclose(numbers(wrapped(x, training=True)), x)
