"""SAM where the batch is split over devices; each case in a process of its own, as devices are set up at its start."""

import os
import pathlib
import subprocess
import sys

import keras
import pytest

BACKEND = keras.backend.backend()

COMMON = """
import numpy as np, keras
from keras import layers
from keras_regkit._core.backend import to_numpy
from keras_regkit.training import SAM, AdversarialWeightPerturbation

RANDOM = np.random.default_rng(0)
X = RANDOM.normal(size=(16, 4)).astype("float32")
Y = RANDOM.normal(size=(16, 1)).astype("float32")

def model():
    penalty = keras.regularizers.L2(0.1)
    dense = layers.Dense(3, activation="tanh", kernel_regularizer=penalty)
    model = keras.Sequential([keras.Input((4,)), dense, layers.Dense(1)])
    random = np.random.default_rng(1)
    model.set_weights([random.normal(size=w.shape) for w in model.get_weights()])
    model.compile(keras.optimizers.SGD(0.1), "mse", metrics=["mae"])
    return model

def fit(wrapper, x=X, y=Y, **kwargs):
    return wrapper.fit(x, y, batch_size=len(x), shuffle=False, verbose=0, **kwargs).history
"""

MIRRORED = (
    COMMON
    + """
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
with strategy.scope():
    wrapper = SAM(model(), rho=0.5)
    plain = SAM(model(), rho=0.0)
start = wrapper.get_weights()
history, expected = fit(wrapper), fit(model())
for name in expected:  # metrics, and the penalty once
    np.testing.assert_allclose(history[name], expected[name], rtol=1e-5)
one = model()
fit(one)
fit(plain)
for a, b in zip(plain.model.get_weights(), one.get_weights()):
    np.testing.assert_allclose(a, b, atol=1e-6)
for variable in wrapper.model.trainable_variables:
    first, second = strategy.experimental_local_results(variable.value)
    np.testing.assert_array_equal(first.numpy(), second.numpy())
# Each replica goes uphill on its half: the gradient is the mean of theirs.
halves = []
for rows in (slice(0, 8), slice(8, 16)):
    half = model()
    fit(SAM(half, rho=0.5), X[rows], Y[rows])
    halves.append(half.get_weights())
for found, a, b in zip(wrapper.model.get_weights(), *halves):
    np.testing.assert_allclose(found, (a + b) / 2, atol=1e-6)
with strategy.scope():
    sparse = SAM(model(), rho=0.5, every=2)
fit(sparse, epochs=2)
for variable in sparse.model.trainable_variables:
    first, second = strategy.experimental_local_results(variable.value)
    np.testing.assert_array_equal(first.numpy(), second.numpy())
print("all is well")
"""
)

PARALLEL = (
    "import jax\njax.config.update('jax_num_cpu_devices', 2)\n"
    + COMMON
    + """
def trained(wrap):
    wrapper = wrap(model())
    history = fit(wrapper, epochs=3)
    return [to_numpy(v) for v in wrapper.model.variables], history

ways = [
    lambda model: SAM(model, rho=0.5, every=2),
    lambda model: SAM(model, rho=0.5, adaptive=True),
    lambda model: AdversarialWeightPerturbation(model, gamma=0.1),
]
alone = [trained(way) for way in ways]
keras.distribution.set_distribution(keras.distribution.DataParallel(devices=keras.distribution.list_devices()))
assert len(jax.devices()) == 2
for way, (weights, history) in zip(ways, alone):
    split, split_history = trained(way)
    for a, b in zip(weights, split):
        np.testing.assert_allclose(a, b, atol=1e-6)
    for name in history:
        np.testing.assert_allclose(history[name], split_history[name], rtol=1e-5)
print("all is well")
"""
)


def run(program):
    places = os.pathsep.join([str(pathlib.Path(__file__).parents[2]), *sys.path])
    environment = {**os.environ, "KERAS_BACKEND": BACKEND, "PYTHONPATH": places}
    process = subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True, timeout=600, check=False
    )
    assert process.returncode == 0, process.stderr[-3000:]
    assert "all is well" in process.stdout


@pytest.mark.skipif(BACKEND != "tensorflow", reason="MirroredStrategy is TensorFlow's")
def test_mirrored_replicas_go_uphill_each_on_its_part():
    run(MIRRORED)


@pytest.mark.skipif(BACKEND != "jax", reason="DataParallel needs JAX")
def test_data_parallel_equals_one_device():
    run(PARALLEL)
