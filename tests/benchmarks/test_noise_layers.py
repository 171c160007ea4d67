"""DropBlock and DropPath, forward and backward, against KerasCV's and against a plain keras Dropout.

    pytest tests/benchmarks/test_noise_layers.py --benchmark -n0 -s        (and with KERAS_BACKEND=jax, torch)

A training step of a model that is little else than eight of these layers on feature maps of 32 × 28 × 28 × 64, with a
scale between them so that gradients reach weights. KerasCV's DropPath is measured where KerasCV is installed; its
DropBlock2D (0.9.0) fails in a compiled step of Keras 3.15, and is compared eagerly.
"""

import keras
import pytest
from keras import layers
from measuring import interleaved, ratio, write_table
from training_steps import mode, modes, noise, trainer

import keras_regkit as rk

try:
    import keras_cv
except ImportError:
    keras_cv = None

ROUNDS, SHAPE, BATCH = 11, (28, 28, 64), 32


@keras.saving.register_keras_serializable("benchmarks")
class Scale(layers.Layer):
    """Multiplies by one weight."""

    def build(self, shape):
        self.scale = self.add_weight(shape=(), initializer="ones", name="scale")

    def call(self, x):
        return x * self.scale


def stack(make):
    inputs = x = keras.Input(SHAPE)
    for _ in range(8):
        x = Scale()(x)
        x = make()(x) if make else x
    return keras.Model(inputs, layers.GlobalAveragePooling2D()(x))


def test_noise_layers():
    versions = {
        "scale alone": None,
        "keras Dropout": lambda: layers.Dropout(0.1),
        "Dropout": lambda: rk.layers.Dropout(0.1),
        "DropPath": lambda: rk.layers.DropPath(0.1),
        "DropBlock 7": lambda: rk.layers.DropBlock(0.1, 7),
        "DropBlock 7 per channel": lambda: rk.layers.DropBlock(0.1, 7, per_channel=True),
    }
    if keras_cv:
        versions["KerasCV DropPath"] = lambda: keras_cv.layers.DropPath(0.1)
    x, y = noise(BATCH, *SHAPE), noise(BATCH, 64)
    rows = []
    for jit in modes():
        functions = {name: trainer(stack(make), x, y, jit=jit, steps=4) for name, make in versions.items()}
        times = interleaved(functions, ROUNDS)
        rows += [
            {
                "backend": mode(jit),
                "layer": name,
                "ms per step": f"{1000 * sorted(t)[ROUNDS // 2] / 4:.1f}",
                **ratio(t, times["keras Dropout"]),
            }
            for name, t in times.items()
        ]
    write_table(f"noise-layers-{keras.backend.backend()}", rows)


@pytest.mark.skipif(keras_cv is None or keras.backend.backend() != "tensorflow", reason="KerasCV, on TensorFlow")
def test_drop_block_eagerly():
    """Forward and backward outside of a compiled step, where KerasCV's DropBlock2D does run."""
    import tensorflow as tf

    x = tf.constant(noise(BATCH, *SHAPE))

    def function(layer):
        def run():
            with tf.GradientTape() as tape:
                tape.watch(x)
                y = tf.reduce_mean(layer(x, training=True))
            return tape.gradient(y, x)

        return run

    made = {
        "KerasCV DropBlock2D 7": keras_cv.layers.DropBlock2D(0.1, 7),
        "DropBlock 7": rk.layers.DropBlock(0.1, 7),
        "DropBlock 7 per channel": rk.layers.DropBlock(0.1, 7, per_channel=True),
    }
    times = interleaved({name: function(layer) for name, layer in made.items()}, 25)
    rows = [
        {"layer": name, "ms": f"{1000 * sorted(t)[12]:.1f}", **ratio(t, times["KerasCV DropBlock2D 7"])}
        for name, t in times.items()
    ]
    write_table("drop-block-eager-tensorflow", rows)
