"""Saved models, loaded where nothing but the package was imported."""

import dataclasses
import json
import os
import pathlib
import subprocess
import sys
import tempfile
from collections.abc import Sequence

import keras
import numpy as np
from keras import ops

from keras_regkit._core.types import Array, Data, PathLike
from keras_regkit.testing._models import number, to_numpy

# Any error of one file is reported for that file; the others are still loaded.
_PROGRAM = """
import importlib, json, sys
manifest = json.load(open(sys.argv[1]))
for module in manifest["imports"]:
    importlib.import_module(module)
import keras, numpy

def flat(structure):
    tensors = keras.tree.flatten(structure)
    tensors = [keras.ops.cast(t, "float32") if "float" in str(t.dtype) else t for t in tensors]
    return [keras.ops.convert_to_numpy(t) for t in tensors]

for case in manifest["cases"]:
    error, penalty, outputs, loss = None, None, [], None
    try:
        arrays = numpy.load(case["arrays"])
        x = keras.tree.map_structure(lambda key: arrays[key], case["x"])
        model = keras.saving.load_model(case["model"])
        outputs = flat(model(x, training=False))
        penalty = sum(float(keras.ops.convert_to_numpy(value)) for value in model.losses)
        if "y" in arrays:
            loss = model.evaluate(x, arrays["y"], verbose=0, return_dict=True)["loss"]
    except Exception as caught:
        error = f"{type(caught).__name__}: {caught}"
    numpy.savez(case["outputs"], *outputs)
    with open(case["report"], "w") as file:
        json.dump({"error": error, "penalty": penalty, "loss": loss}, file)
"""


@dataclasses.dataclass(frozen=True)
class Loaded:
    """What a fresh process made of one file.

    Args:
        error: The error that loading or predicting raised, as text; None if it went well.
        outputs: List of arrays: the model's outputs at inference.
        penalty: Sum of the model's penalties.
        loss: The compiled loss, where targets were given.
    """

    error: str | None
    outputs: list
    penalty: float | None
    loss: float | None


def load_in_fresh_process(
    files: Sequence[PathLike],
    inputs: Sequence[Data],
    targets: Sequence[Array | None] | None = None,
    imports: Sequence[str] = ("keras_regkit",),
    timeout: float = 300,
) -> list[Loaded]:
    """Loads saved models in one new Python process and predicts with each.

    Use it to prove that a `.keras` file stands on its own: the new process imports only `imports` and Keras,
    so a class that is not registered, or a module that was not imported, shows. Starting a process takes
    seconds; hand over all files at once.

    Args:
        files: Paths of `.keras` files.
        inputs: One input (array, or list or dict of arrays) per file.
        targets: One array or None per file; where there is one, the compiled loss is evaluated. Defaults to
            None.
        imports: Names of the modules to import first. They are looked for where this process looks.
        timeout: Seconds after which the process is ended. Defaults to 300.

    Returns:
        List of records, one per file, with `error` (text or None), `outputs` (list of arrays), `penalty` and
        `loss`.

    Raises:
        RuntimeError: the process ended before its work, for example because an import failed.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Rescaling(3.0)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/model.keras")
    ...     loaded = load_in_fresh_process([f"{folder}/model.keras"], [np.ones((1, 2))])
    >>> loaded[0].outputs[0].tolist()
    [[3.0, 3.0]]
    """
    targets = [None] * len(files) if targets is None else targets
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        cases = [_pack(folder / str(i), *case) for i, case in enumerate(zip(files, inputs, targets, strict=True))]
        manifest = folder / "manifest.json"
        manifest.write_text(json.dumps({"imports": list(imports), "cases": cases}))
        # The packages under test need not be installed: the new process looks where this one does.
        places = os.pathsep.join(place or os.getcwd() for place in sys.path)
        environment = {**os.environ, "KERAS_BACKEND": keras.backend.backend(), "PYTHONPATH": places}
        process = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(manifest)],
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
            check=False,
        )
        if process.returncode != 0:
            raise RuntimeError(f"The fresh process ended with status {process.returncode}:\n{process.stderr[-2000:]}")
        return [_unpack(case) for case in cases]


class SavedModels:
    """Saves models now, and checks later that one fresh process loads them all and computes the same.

    The checks take it as `fresh_process=`, so that many components share the one slow start of a process.

    Args:
        folder: Existing folder for the files.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dropout(0.5)])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     saved = SavedModels(folder)
    ...     saved.add(model.layers[0], model, np.ones((1, 2), "float32"))
    ...     saved.check()  # doctest: +SKIP
    """

    def __init__(self, folder: PathLike):
        self.folder = pathlib.Path(folder)
        self._names: list[str] = []
        self._files: list[pathlib.Path] = []
        self._inputs: list[Data] = []
        self._targets: list[Array | None] = []
        self._expected: list[Loaded] = []
        self._imports: list[str] = []

    def add(self, component, model, x, y=None):
        """Saves `model`, which holds `component`, with what it makes of `x` (and the loss for the targets `y`).

        Raises:
            ValueError: the component's class belongs to `__main__`, which no other process can import.
        """
        cls = type(component)
        module = cls.__module__.partition(".")[0]
        if module == "__main__":
            raise ValueError(f"{cls.__name__} must be defined in a module that can be imported. Received: __main__")
        if module not in ("keras", *self._imports):
            self._imports.append(module)
        file = self.folder / f"{len(self._files)}_{cls.__name__}.keras"
        model.save(file)
        self._names.append(cls.__name__)
        self._files.append(file)
        self._inputs.append(x)
        self._targets.append(y)
        loss = None if y is None else model.evaluate(x, y, verbose=0, return_dict=True)["loss"]
        penalty = sum(number(value) for value in model.losses)
        self._expected.append(Loaded(None, to_numpy(model(x, training=False)), penalty, loss))

    def check(self):
        """Loads all files in one fresh process; raises `AssertionError` that lists every file that went wrong."""
        if not self._files:
            return
        loaded = load_in_fresh_process(self._files, self._inputs, self._targets, self._imports)
        faults = [
            f"{name}: {fault}"
            for name, expected, got in zip(self._names, self._expected, loaded, strict=True)
            if (fault := _difference(expected, got))
        ]
        if faults:
            raise AssertionError("A saved model is not the same in a fresh process:\n" + "\n".join(faults))


def _pack(stem, file, x, y):
    """Writes one case's arrays; returns its entry in the manifest."""
    arrays = {}

    def store(array):
        arrays[f"x{len(arrays)}"] = ops.convert_to_numpy(array)
        return f"x{len(arrays) - 1}"

    keys = keras.tree.map_structure(store, x)
    if y is not None:
        arrays["y"] = y
    entry = {name: str(stem.with_suffix(f".{name}.npz")) for name in ("arrays", "outputs")}
    np.savez(entry["arrays"], **arrays)
    return {**entry, "x": keys, "model": str(file), "report": str(stem.with_suffix(".json"))}


def _unpack(case):
    report = json.loads(pathlib.Path(case["report"]).read_text())
    with np.load(case["outputs"]) as arrays:
        outputs = [arrays[f"arr_{i}"] for i in range(len(arrays.files))]
    return Loaded(outputs=outputs, **report)


def _difference(expected, got):
    """Says in what two records differ; None if they do not."""
    if got.error is not None:
        return got.error
    for a, b in zip(expected.outputs, got.outputs, strict=True):
        if a.shape != b.shape or not np.allclose(a, b, rtol=1e-5, atol=1e-5):
            return f"outputs {a.ravel()[:4]} became {b.ravel()[:4]}"
    for name in ("penalty", "loss"):
        a, b = getattr(expected, name), getattr(got, name)
        if a is not None and not np.isclose(a, b, rtol=1e-5, atol=1e-6):
            return f"{name} {a} became {b}"
    return None
