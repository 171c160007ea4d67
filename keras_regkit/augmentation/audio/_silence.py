"""Clips without sound."""

import keras
import numpy as np

from keras_regkit._core.backend import is_known
from keras_regkit.augmentation._namespace import is_foreign


def check_no_silence(layer, x):
    """Raises `ValueError` where a clip is silent, if the numbers are known yet."""
    if is_foreign(x) or not is_known(x):
        return
    array = keras.ops.convert_to_numpy(x)
    silent = np.flatnonzero(~array.reshape(len(array), -1).any(axis=1))
    if len(silent):
        raise ValueError(
            f"Layer {layer.name!r} takes clips that are not silent: there is no ratio of nothing to noise. Received: "
            f"{len(silent)} silent of {len(array)} clips, first number {silent[0]}. Drop them before"
        )
