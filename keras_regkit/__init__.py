"""Regularization for Keras: diagnose, pick one lever, validate, iterate.

The rooms are named as Keras names them (`regularizers`, `layers`, `callbacks` ...); beside them stand `levers` (a card
for each technique), `presets`, `diagnosis` and `studies`. Rooms whose classes Keras must find when it loads a file are
imported here; the rest, and everything that needs an extra, on first use.
"""

import importlib

from keras_regkit import (
    augmentation,
    callbacks,
    constraints,
    layers,
    losses,
    optimizers,
    regularizers,
    strengths,
    training,
    uncertainty,
)
from keras_regkit._version import __version__

_LAZY_ROOMS = ("diagnosis", "levers", "plots", "presets", "report", "studies", "surgery", "tables", "testing")
_LAZY_NAMES = {
    "Auditor": "keras_regkit.diagnosis",
    "Study": "keras_regkit.studies",
    "audit": "keras_regkit.diagnosis",
    "diagnose": "keras_regkit.diagnosis",
    "regularize": "keras_regkit.workflow",
}

__all__ = [
    "Auditor",
    "Study",
    "__version__",
    "audit",
    "augmentation",
    "callbacks",
    "constraints",
    "diagnose",
    "layers",
    "losses",
    "optimizers",
    "regularize",
    "regularizers",
    "strengths",
    "training",
    "uncertainty",
    *_LAZY_ROOMS,
]


def __getattr__(name):
    if name in _LAZY_ROOMS:
        return importlib.import_module(f"keras_regkit.{name}")
    if name in _LAZY_NAMES:
        return getattr(importlib.import_module(_LAZY_NAMES[name]), name)
    raise AttributeError(f"module 'keras_regkit' has no attribute {name!r}")


def __dir__():
    return sorted(__all__)
