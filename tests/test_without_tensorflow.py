"""With another backend the package neither imports TensorFlow nor needs it."""

import json
import os
import pathlib
import subprocess
import sys

import pytest

import keras_regkit

ROOT = pathlib.Path(keras_regkit.__file__).parents[1]


def on_jax(program):
    """Runs a program in a process whose backend is JAX and returns its last line, read as JSON."""
    process = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "KERAS_BACKEND": "jax", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode == 0, process.stderr
    return json.loads(process.stdout.splitlines()[-1])


IMPORTS = """
import importlib, json, pkgutil, sys
import keras_regkit
door = "tensorflow" in sys.modules
for module in pkgutil.walk_packages(keras_regkit.__path__, "keras_regkit."):
    # Files named for a backend are those that import it.
    if not module.name.rpartition(".")[2].startswith(("_tensorflow", "_torch")):
        importlib.import_module(module.name)
print(json.dumps([door, "tensorflow" in sys.modules, "torch" in sys.modules]))
"""

WORK = """
import json, sys, tempfile

class NotInstalled:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tensorflow":
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

sys.meta_path.insert(0, NotInstalled())
import keras
import numpy as np
import keras_regkit as rk

x = np.random.default_rng(0).normal(size=(64, 6)).astype("float32")
y = (x[:, :1] > 0).astype("float32")
noise = rk.layers.Dropout(rk.strengths.Linear(0.0, 0.5, steps=4))
lasso, norm = rk.regularizers.GroupLasso(0.01), rk.constraints.MaxNorm(2)
dense = keras.layers.Dense(4, kernel_regularizer=lasso, kernel_constraint=norm)
rows = rk.augmentation.tabular.GaussianJitter(seed=0)
net = keras.Sequential([keras.Input((6,)), rows, dense, noise, keras.layers.Dense(1, "sigmoid")])
net.compile(rk.optimizers.LookaheadAdam(), rk.losses.LabelSmoothing("binary_crossentropy"))
callbacks = [rk.callbacks.GapMonitor((x, y), (x, y)), rk.callbacks.EarlyStopping(monitor="val_data_loss")]
history = net.fit(x, y, validation_data=(x, y), epochs=3, callbacks=callbacks, verbose=0)
regime = rk.diagnose(history, model=net, n_train=64).regime
audit = rk.audit(net, train=(x, y))
with tempfile.TemporaryDirectory() as folder:
    net.save(f"{folder}/net.keras")
    again = keras.saving.load_model(f"{folder}/net.keras")
same = bool(np.allclose(net.predict(x, verbose=0), again.predict(x, verbose=0), atol=1e-6))
try:
    rk.augmentation.pipeline([x], rows)
    said = "nothing"
except TypeError as error:
    said = str(error)
print(json.dumps([len(regime) > 0, len(audit.checked) > 0, same, said]))
"""


def test_importing_brings_no_other_backend():
    pytest.importorskip("jax", reason="JAX is the other backend here")
    assert on_jax(IMPORTS) == [False, False, False]


def test_work_goes_on_where_tensorflow_is_missing():
    pytest.importorskip("jax", reason="JAX is the other backend here")
    *well, said = on_jax(WORK)
    assert well == [True, True, True]
    # What needs `tf.data` says so.
    assert "must be a batched tf.data.Dataset" in said
