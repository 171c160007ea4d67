"""Every example in a docstring runs, of the package as it is installed."""

import doctest
import importlib
import pkgutil

import pytest

import keras_regkit

MODULES = sorted(m.name for m in pkgutil.walk_packages(keras_regkit.__path__, "keras_regkit.") if m.name[-4:] != ".cli")


@pytest.mark.parametrize("name", MODULES)
def test_examples_of(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    module = importlib.import_module(name)
    # The examples of a page begin with its imports; those of a module know the module's own names.
    outcome = doctest.testmod(module, optionflags=doctest.REPORT_NDIFF)
    assert outcome.failed == 0, f"{outcome.failed} of {outcome.attempted} examples failed; see the output"
