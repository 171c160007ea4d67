"""Averages and cycles where the batch is split over two devices, in a process of its own."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

BACKEND = keras.backend.backend()

PROGRAM = """
import keras, numpy as np
from keras_regkit.callbacks import SnapshotEnsemble, WeightAveraging

random = np.random.default_rng(0)
X = random.normal(size=(32, 3)).astype("float32")
Y = X.sum(axis=1, keepdims=True)

if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
else:
    import jax
    jax.config.update("jax_num_cpu_devices", 2)

# One strategy for all: TensorFlow mixes up the messages of several.
if keras.backend.backend() == "tensorflow":
    distribution = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
else:
    distribution = keras.distribution.DataParallel(auto_shard_dataset=False)

def run(callback, norm=False):
    keras.utils.set_random_seed(1)
    layers = [keras.Input((3,)), keras.layers.Dense(4, activation="tanh")]
    layers += [keras.layers.BatchNormalization()] if norm else []
    model = keras.Sequential([*layers, keras.layers.Dense(1)])
    model.compile(keras.optimizers.SGD(0.1, momentum=0.5), "mse")
    history = model.fit(
        X, Y, batch_size=8, epochs=2, shuffle=False, verbose=0, validation_data=(X, Y), callbacks=[callback]
    )
    return history.history["val_loss"], model.get_weights()

for make in (
    WeightAveraging,
    lambda: WeightAveraging("swa", update_every=2),
    lambda: WeightAveraging("top-k"),
    lambda: SnapshotEnsemble(2),
):
    one = run(make())
    with distribution.scope():
        two = run(make())
    for expected, found in zip([one[0], *one[1]], [two[0], *two[1]]):
        np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)
# Plain batch normalization sees half a batch on each of TensorFlow's replicas: it runs, but is another training.
with distribution.scope():
    for averaging in (WeightAveraging(), WeightAveraging("swa", train=X)):
        losses, weights = run(averaging, norm=True)
        assert np.isfinite(losses).all()
print("equal")
"""


@pytest.mark.skipif(BACKEND == "torch", reason="two devices need TensorFlow or JAX")
def test_two_devices_average_as_one():
    package = pathlib.Path(__file__).parents[2]
    process = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={**os.environ, "KERAS_BACKEND": BACKEND, "PYTHONPATH": str(package)},
        capture_output=True,
        text=True,
        timeout=900,
    )
    assert process.stdout.endswith("equal\n"), process.stderr[-3000:]
