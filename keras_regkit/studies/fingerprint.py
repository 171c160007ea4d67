"""Short names for data and models that change when what they name changes."""

import hashlib
import itertools
import json

import keras
import numpy as np

from keras_regkit._core.data import as_arrays, as_batches, is_arrays

# Where the config of a Functional model names layers.
_WIRING = ("keras_history", "input_layers", "output_layers")
_BATCHES = 8  # of a dataset: enough to tell two apart, without reading all of a large one


def of_data(data, name):
    """Returns a fingerprint of arrays (every byte) or of a dataset (the shapes of its first batches).

    Raises:
        ValueError, TypeError: the data are of no use to a study: without end, of unequal lengths, readable only once.
    """
    digest = hashlib.sha256()
    if is_arrays(data):
        _add(digest, as_arrays(data, name))
        return digest.hexdigest()[:16]
    batches = as_batches(data, None, name)
    if isinstance(data, keras.utils.PyDataset):
        digest.update(str(data.num_batches).encode())
    for batch in itertools.islice(batches(), _BATCHES):
        for array in keras.tree.flatten(batch):
            # Shapes only: a dataset that shuffles gives other rows each time.
            digest.update(str(getattr(array, "shape", None)).encode())
    return digest.hexdigest()[:16]


def of_model(model):
    """Returns a fingerprint of a model's architecture and compile settings; names and seeds do not count."""
    config = {
        "model": _anonymous(_config(model)),
        "variables": [(tuple(v.shape), str(v.dtype)) for v in model.variables],
        "compile": _anonymous(model.get_compile_config()),
    }
    text = json.dumps(config, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def _config(model):
    try:
        return model.get_config()
    except NotImplementedError:  # a subclassed model whose arguments Keras cannot write down
        return type(model).__name__


def _add(digest, arrays):
    for array in keras.tree.flatten(arrays):
        if array is None:
            continue
        array = np.ascontiguousarray(array)
        digest.update(f"{array.shape}{array.dtype}".encode())
        digest.update(array.astype(str).tobytes() if array.dtype == object else array.tobytes())


def _anonymous(config, places=None):
    """Drops what differs between two builds of one model: automatic names, seeds, build shapes.

    Which layer feeds which is kept, by the places of the layers in their model instead of their names.
    """
    if isinstance(config, dict):
        if isinstance(config.get("layers"), list):
            places = {layer.get("name"): n for n, layer in enumerate(config["layers"]) if isinstance(layer, dict)}
        return {
            key: _by_places(value, places or {}) if key in _WIRING else _anonymous(value, places)
            for key, value in config.items()
            if key not in ("name", "seed", "build_config")
        }
    if isinstance(config, (list, tuple)):
        return [_anonymous(item, places) for item in config]
    return config


def _by_places(config, places):
    if isinstance(config, dict):
        return {key: _by_places(value, places) for key, value in config.items()}
    if isinstance(config, (list, tuple)):
        return [_by_places(item, places) for item in config]
    return places.get(config) if isinstance(config, str) else config
