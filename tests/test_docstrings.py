"""Every example in a docstring runs, of the package as it is installed."""

import doctest
import importlib
import pkgutil

import keras
import numpy as np
import pytest

import keras_regkit

MODULES = sorted(m.name for m in pkgutil.walk_packages(keras_regkit.__path__, "keras_regkit.") if m.name[-4:] != ".cli")


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    # Examples know the module's own names, and the two that every reader has imported.
    given = {"keras": keras, "np": np}
    outcome = doctest.testmod(module, extraglobs=given, optionflags=doctest.REPORT_NDIFF)
    assert outcome.failed == 0, f"{outcome.failed} of {outcome.attempted} examples failed; see the output"
