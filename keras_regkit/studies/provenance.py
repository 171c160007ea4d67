"""Where a trial comes from: which versions, which engine, which data, when."""

import dataclasses
import datetime
import platform
import sys

import keras
import numpy as np

from keras_regkit._core.files import plain
from keras_regkit._version import __version__


def versions():
    """Returns `{name: version}` of what a result depends on: this package, Keras, its backend, NumPy and Python.

    Example:

    >>> sorted(versions())
    ['backend', 'backend_version', 'keras', 'keras_regkit', 'numpy', 'python']
    """
    backend = keras.backend.backend()
    return {
        "keras_regkit": __version__,
        "keras": keras.__version__,
        "backend": backend,
        # Keras has imported its backend; to ask the installer would mean to guess the name of its distribution.
        "backend_version": str(getattr(sys.modules.get(backend), "__version__", "unknown")),
        "numpy": np.__version__,
        "python": platform.python_version(),
    }


def now():
    """Returns the time, to the second, as ISO 8601 text in UTC."""
    return datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds")


def settings_of(variants):
    """Returns `{variant's name: {lever: strength}}`."""
    return {v.name: {lever.name: strength for lever, strength in v.settings} for v in variants}


def stamp(trial, settings, common):
    """Returns `trial` with its settings and its provenance.

    What the engine wrote itself stays: one that trains in another process, on another backend, knows better.

    Args:
        trial: A `Trial` that was finished just now.
        settings: What `settings_of` returns for the variants of the plan.
        common: What all trials of this run share: versions, engine, fingerprints.

    Example:

    >>> from keras_regkit.studies import Trial
    >>> trial = Trial("baseline", 0, {}, {}, 1, None, 0.1, provenance={"backend": "jax"})
    >>> found = stamp(trial, {}, {"backend": "tensorflow", "engine": "mine"}).provenance
    >>> found["backend"], found["engine"]
    ('jax', 'mine')
    """
    return dataclasses.replace(
        trial,
        settings=plain(trial.settings or settings.get(trial.variant, {})),
        provenance=plain({**common, "finished": now(), **trial.provenance}),
    )
