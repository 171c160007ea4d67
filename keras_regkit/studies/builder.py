"""From what the user gives as `build` to a fresh compiled model per seed."""

import contextlib
import inspect
import random
import warnings

import keras
import numpy as np

from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.surgery import recompile
from keras_regkit.surgery.carry_weights import carry_weights
from keras_regkit.surgery.rebuild import check_rewritable, is_rewritable


class Builder:
    """Makes a fresh compiled model for each seed, the same one for the same seed.

    Args:
        build: A function that returns a new compiled model at each call; one with an argument `seed` is given the seed.
            Or a compiled Sequential or Functional model: its trainable layers are drawn anew for each seed, the frozen
            ones, and those without trainable weights (`Normalization`), keep their weights.

    Raises:
        TypeError: `build` is neither.
        ValueError: the model is not compiled, not built, or cannot be copied.
    """

    def __init__(self, build):
        if isinstance(build, keras.Model):
            check_rewritable(build)
            _check_ready(build)
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
        _check_ready(model)
        return model


def check_starts(one, other):
    """Checks that two models built for two seeds are two, and warns if they start from the same drawn weights.

    Raises:
        ValueError: they are one and the same model, which would go on from where the last trial ended.
    """
    if one is other:
        raise ValueError(
            f"`build` must return a new model at each call. It returned {one.name!r} twice. Build the model inside the "
            "function, or pass the model itself as `build`"
        )
    pairs = [
        (keras.ops.convert_to_numpy(a.value), keras.ops.convert_to_numpy(b.value))
        for a, b in zip(one.trainable_variables, other.trainable_variables, strict=False)
    ]
    # Zeros and ones are the same for every seed, and meant to be.
    drawn = any(a.size > 1 and (a != a.flat[0]).any() for a, _ in pairs)
    if drawn and all(np.array_equal(a, b) for a, b in pairs):
        warnings.warn(
            f"The seeds do not vary the initial weights of {one.name!r}: its initializers have seeds of their own, or "
            "its weights are loaded. The intervals will show the noise of row order and dropout only. Give `build` an "
            "argument `seed` and use it, or leave the initializers' seeds unset",
            NoEffectWarning,
            stacklevel=3,
        )


def _check_ready(model):
    if not model.compiled:
        raise ValueError(f"The model must be compiled. Received: {model.name!r}, which is not")
    # A subclassed model calls itself built after `build`, when its layers may still be waiting for their first batch.
    if not (model.built and all(layer.built for layer in model.layers)):
        raise ValueError(
            f"The model must be built. Received: {model.name!r}, which is not. Start it with keras.Input(shape), or "
            "call it on a batch first"
        )


def _redrawn(model, seed):
    """Returns a copy of `model` whose trainable layers start from new weights."""
    seeds = np.random.default_rng(seed)
    config = _reseed(model.get_config(), seeds)
    with _python_seeded(int(seeds.integers(2**31))):
        copy = type(model).from_config(config)
    _carry_fixed_weights(model, copy)
    return recompile(copy, like=model)


@contextlib.contextmanager
def _python_seeded(seed):
    """Within, initializers that were given no seed draw theirs, as Keras has them do, from a known state."""
    state = random.getstate()
    random.seed(seed)
    try:
        yield
    finally:
        random.setstate(state)


def _carry_fixed_weights(model, copy):
    for old, new in zip(model.layers, copy.layers, strict=True):
        if is_rewritable(old):
            _carry_fixed_weights(old, new)
        elif not old.trainable_weights:
            carry_weights(old, new)


def _reseed(config, seeds):
    """Returns `config` with every seed in it, set or not, replaced by one drawn from `seeds`.

    Initializers that were given none stay so: attention makes several of one config, which would all draw the same.
    """
    if isinstance(config, dict):
        if config.get("module") == "keras.initializers" and config["config"].get("seed") is None:
            return config
        return {
            key: int(seeds.integers(2**31)) if key == "seed" and not isinstance(value, dict) else _reseed(value, seeds)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_reseed(item, seeds) for item in config)
    return config
