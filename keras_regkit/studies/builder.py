"""From what the user gives as `build` to a fresh compiled model per seed."""

import inspect

import keras
import numpy as np

from keras_regkit.surgery import recompile
from keras_regkit.surgery.rebuild import check_rewritable


class Builder:
    """Makes a fresh compiled model for each seed, the same one for the same seed.

    Args:
        build: A function that returns a compiled model; one with an argument `seed` is given the seed. Or a compiled
            Sequential or Functional model: its trainable layers are drawn anew for each seed, the frozen ones, and those
            without trainable weights (`Normalization`), keep their weights.

    Raises:
        TypeError: `build` is neither.
        ValueError: the model is not compiled, or cannot be copied.
    """

    def __init__(self, build):
        if isinstance(build, keras.Model):
            check_rewritable(build)
            _check_compiled(build)
        elif not callable(build):
            raise TypeError(
                "`build` must be a function that returns a compiled model, or a compiled model. "
                f"Received: {build!r} of type {type(build).__name__}"
            )
        self._build = build

    def __call__(self, seed):
        # Initializers and layers without a seed of their own draw one from Python's and NumPy's global state.
        keras.utils.set_random_seed(seed)
        if isinstance(self._build, keras.Model):
            return _redrawn(self._build, seed)
        takes_seed = "seed" in inspect.signature(self._build).parameters
        model = self._build(seed=seed) if takes_seed else self._build()
        if not isinstance(model, keras.Model):
            raise TypeError(f"`build` must return a compiled keras.Model. It returned: {model!r}")
        _check_compiled(model)
        return model


def _check_compiled(model):
    if not model.compiled:
        raise ValueError(f"The model must be compiled. Received: {model.name!r}, which is not")


def _redrawn(model, seed):
    """Returns a copy of `model` whose trainable layers start from new weights."""
    seeds = np.random.default_rng(seed)
    copy = type(model).from_config(_reseed(model.get_config(), seeds))
    for old, new in zip(model.layers, copy.layers, strict=True):
        if not old.trainable_weights:
            new.set_weights(old.get_weights())
    return recompile(copy, like=model)


def _reseed(config, seeds):
    """Returns `config` with every seed in it, set or not, replaced by one drawn from `seeds`."""
    if isinstance(config, dict):
        return {
            key: int(seeds.integers(2**31)) if key == "seed" and not isinstance(value, dict) else _reseed(value, seeds)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_reseed(item, seeds) for item in config)
    return config
