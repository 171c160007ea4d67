"""Every example in a docstring runs, of the package as it is installed."""

import doctest
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import keras_regkit

# What a backend needs of its own, in modules like `_torch` and `_torch_noise`.
BACKENDS = ("tensorflow", "jax", "torch")
MODULES = sorted(m.name for m in pkgutil.walk_packages(keras_regkit.__path__, "keras_regkit.") if m.name[-4:] != ".cli")


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    backend = name.rpartition(".")[2].lstrip("_").partition("_")[0]
    if backend in BACKENDS:
        pytest.importorskip(backend)
    module = importlib.import_module(name)
    # Examples know the module's own names, and the two that every reader has imported.
    given = {"keras": keras, "np": np}
    outcome = doctest.testmod(module, extraglobs=given, optionflags=doctest.REPORT_NDIFF)
    assert outcome.failed == 0, f"{outcome.failed} of {outcome.attempted} examples failed; see the output"
