"""Two devices take the steps of one."""

import os
import pathlib
import subprocess
import sys

import keras
import numpy as np
import pytest

from keras_regkit import optimizers

_PROGRAM = """
import sys
import keras, numpy
from problems import data, small
from keras_regkit import optimizers, regularizers

devices = sys.argv[2] == "two"
scope = None
if keras.backend.backend() == "tensorflow":
    import tensorflow as tf
    cpu = tf.config.list_physical_devices("CPU")[0]
    tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
    if devices:
        scope = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"]).scope()
elif devices:
    import jax
    assert len(jax.devices()) == 2
    keras.distribution.set_distribution(keras.distribution.DataParallel(devices=keras.distribution.list_devices()))

MIXINS = {
    optimizers.Proximal: {},
    optimizers.WeightDecayPolicy: {"weight_decay": 0.1},
    optimizers.Lookahead: {"sync_period": 3},
    optimizers.AdaptiveGradientClipping: {"clipping": 0.05},
    optimizers.GradientCentralization: {},
    optimizers.GradientNoise: {"eta": 0.1, "seed": 0},
    optimizers.LearningRateMultipliers: {"multipliers": {"hidden/.*": 0.5}},
}
ALL = {key: value for given in MIXINS.values() for key, value in given.items()}
penalties = {
    "l1": lambda: keras.regularizers.L1(0.05),
    "scheduled": lambda: regularizers.Scheduled(
        regularizers.GroupLasso(0.05), keras.optimizers.schedules.PolynomialDecay(0.0, 4, 1.0)
    ),
}
cases = {name: ((mixin,), given, "l1") for mixin, given in MIXINS.items() for name in [mixin.__name__]}
cases["scheduled"] = ((optimizers.Proximal,), {}, "scheduled")
cases["all"] = (tuple(MIXINS), ALL, "l1")
found = {}
for name, (mixins, given, penalty) in cases.items():
    def train():
        model = small(regularizer=penalties[penalty]())
        model.compile(optimizers.mix(keras.optimizers.Adam, *mixins)(0.05, **given), "mse")
        x, y = data()
        model.fit(x, y, batch_size=8, epochs=3, shuffle=False, verbose=0)
        for i, weight in enumerate(model.get_weights()):
            found[f"{name}/{i}"] = weight
    if scope is None:
        train()
    else:
        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            train()
numpy.savez(sys.argv[1], **found)
"""


@pytest.mark.slow
@pytest.mark.skipif(keras.backend.backend() == "torch", reason="Keras distributes training on TensorFlow and JAX")
def test_two_devices_take_the_steps_of_one(tmp_path):
    here, root = pathlib.Path(__file__).parent, pathlib.Path(optimizers.__file__).parents[2]
    environment = {
        **os.environ,
        "KERAS_BACKEND": keras.backend.backend(),
        "PYTHONPATH": os.pathsep.join([str(root), str(here)]),
        "XLA_FLAGS": "--xla_force_host_platform_device_count=2",
        "JAX_PLATFORMS": "cpu",
    }
    found = {}
    for devices in ("one", "two"):
        file = tmp_path / f"{devices}.npz"
        command = [sys.executable, "-c", _PROGRAM, str(file), devices]
        process = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        assert process.returncode == 0, process.stderr[-3000:]
        with np.load(file) as arrays:
            found[devices] = dict(arrays)
    far = {key: abs(found["two"][key] - one).max() for key, one in found["one"].items()}
    assert {key: value for key, value in far.items() if not value < 1e-5} == {}
