"""NaN and infinity, found before they spread."""

import keras
import numpy as np

from keras_regkit._core.backend import is_known
from keras_regkit.augmentation._namespace import is_foreign


def check_finite(x, name, samples):
    """Raises `ValueError` where numbers are NaN or infinite, if they are known yet: not while a step is compiled.

    Args:
        x: Tensor `(batch, ...)`.
        name: Name of the layer.
        samples: What a sample is called, in the plural.
    """
    if "float" not in keras.backend.standardize_dtype(x.dtype) or is_foreign(x) or not is_known(x):
        return
    # One sum tells of all of them, since it is finite only where every number is; but for overflow.
    x = keras.ops.stop_gradient(keras.ops.convert_to_tensor(x))
    if np.isfinite(keras.ops.convert_to_numpy(keras.ops.sum(keras.ops.cast(x, "float32")))):
        return
    finite = keras.ops.convert_to_numpy(keras.ops.isfinite(x)).reshape(x.shape[0], -1).all(axis=1)
    if not finite.all():
        raise ValueError(
            f"Layer {name!r} takes finite numbers. Received: NaN or infinity in {np.sum(~finite)} of {len(finite)} "
            f"{samples}, first in number {np.argmin(finite)}. Fill or drop them before"
        )
