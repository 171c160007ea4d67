"""The augmentation of tsgm, without the rest of it: `import tsgm` would bring TensorFlow Probability and much else."""

import importlib.util
import pathlib
import sys
import types


def tsgm():
    """Returns the module `tsgm.models.augmentations`; raises ImportError where tsgm is not installed.

    uv pip install --target PATH --no-deps tsgm dtaidistance, and PATH on PYTHONPATH
    """
    found = next((p for p in map(pathlib.Path, sys.path) if (p / "tsgm/models/augmentations.py").exists()), None)
    if found is None:
        raise ImportError("No module named 'tsgm'")
    # All that the module takes from the package is the name of a type.
    package, kinds = types.ModuleType("tsgm"), types.ModuleType("tsgm.types")
    kinds.Tensor = object
    sys.modules.setdefault("tsgm", package)
    sys.modules.setdefault("tsgm.types", kinds)
    spec = importlib.util.spec_from_file_location("tsgm_augmentations", found / "tsgm/models/augmentations.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
