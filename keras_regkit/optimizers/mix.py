"""Combining mixins with any optimizer, so that it can be saved."""

import functools
import inspect

import keras

from keras_regkit.optimizers._mixin import Mixin, optimizer_in
from keras_regkit.optimizers.adaptive_gradient_clipping import AdaptiveGradientClipping
from keras_regkit.optimizers.gradient_centralization import GradientCentralization
from keras_regkit.optimizers.gradient_noise import GradientNoise
from keras_regkit.optimizers.learning_rate_multipliers import LearningRateMultipliers
from keras_regkit.optimizers.lookahead import Lookahead
from keras_regkit.optimizers.proximal import Proximal
from keras_regkit.optimizers.weight_decay_policy import WeightDecayPolicy

MIXINS = (
    Lookahead,
    LearningRateMultipliers,
    Proximal,
    WeightDecayPolicy,
    GradientCentralization,
    AdaptiveGradientClipping,
    GradientNoise,
)
# Keras has MultiOptimizer since 3.15.
_WRAPPERS = tuple(
    getattr(keras.optimizers, name)
    for name in ("LossScaleOptimizer", "MultiOptimizer")
    if hasattr(keras.optimizers, name)
)


def mix(base: type, *mixins: type[Mixin]) -> type[keras.optimizers.Optimizer]:
    """Returns an optimizer class with the mixins put before `base`.

    Use it where there is no ready class for what you want together. Models that were compiled with one are saved and
    loaded like any other, also in another process. Its arguments are those of `base` and, by keyword, of the mixins.
    The order in which the mixins are named does not matter: gradients are first freed of the penalties (`Proximal`),
    then centralized, clipped, and given noise; then the optimizer steps, weights decay, proximal steps follow, and
    `Lookahead` sees the result.

    Args:
        base: An optimizer class, of Keras or your own (registered with `keras.saving.register_keras_serializable`).
        *mixins: At least one of `Proximal`, `WeightDecayPolicy`, `Lookahead`, `AdaptiveGradientClipping`,
            `GradientCentralization`, `GradientNoise` and `LearningRateMultipliers`, each once.

    Returns:
        A class; the same one for the same arguments.

    Raises:
        TypeError: `base` is no optimizer class, or one around other optimizers; a mixin is none.
        ValueError: no mixin, one twice, one that `base` has already, or one that `base` cannot be mixed with.

    Example:

    >>> Optimizer = mix(keras.optimizers.AdamW, WeightDecayPolicy, Lookahead, AdaptiveGradientClipping)
    >>> optimizer = Optimizer(1e-3, weight_decay=0.05, sync_period=6, clipping=0.02)
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(optimizer, "mse")
    """
    base = _checked_base(base)
    for mixin in mixins:
        if mixin not in MIXINS:
            raise TypeError(f"A mixin must be one of {[known.__name__ for known in MIXINS]}. Received: {mixin!r}")
    if not mixins or len(set(mixins)) < len(mixins):
        raise ValueError(
            "`mix` needs at least one mixin, and each once. Received: " + str([mixin.__name__ for mixin in mixins])
        )
    for mixin in mixins:
        if issubclass(base, mixin):
            raise ValueError(f"{base.__name__} is a {mixin.__name__} already. Give its arguments to the class itself")
        mixin.check_base(base)
    if issubclass(base, Mixin):
        base, within = parts(base)
        mixins = (*mixins, *within)
    return _mixed(base, tuple(sorted(mixins, key=lambda mixin: (-mixin.RANK, mixin.__name__))))


def add_mixin(optimizer, mixin, **arguments):
    """Returns a new optimizer, configured as `optimizer`, with a mixin and its arguments.

    Where the optimizer has the mixin already, its arguments are set anew.

    Args:
        optimizer: An optimizer that takes steps itself.
        mixin: The mixin.
        **arguments: Arguments of the mixin, or of the optimizer, that shall differ.
    """
    cls, config = type(optimizer), optimizer.get_config()
    if isinstance(optimizer, mixin):
        return cls.from_config({**config, **arguments})
    base, mixins = parts(cls)
    for key in ("base", "mixins"):
        config.pop(key, None)
    return mix(base, *mixins, mixin).from_config({**config, **arguments})


def take_mixin(optimizer, mixin):
    """Returns a new optimizer, configured as `optimizer` but for a mixin, which it does not have."""
    base, mixins = parts(type(optimizer))
    rest = [other for other in mixins if other is not mixin]
    config = optimizer.get_config()
    dropped = {"base", "mixins", *_own_arguments(mixin)}
    config = {key: value for key, value in config.items() if key not in dropped}
    return (mix(base, *rest) if rest else base).from_config(config)


def parts(cls):
    """Returns the plain optimizer class within a class, and the mixins before it."""
    mixins = [known for known in MIXINS if issubclass(cls, known)]
    plain = (c for c in cls.__mro__ if issubclass(c, keras.optimizers.Optimizer) and not issubclass(c, Mixin))
    return _public(next(plain)), mixins


def _own_arguments(mixin):
    return [p.name for p in inspect.signature(mixin).parameters.values() if p.kind is p.KEYWORD_ONLY]


def _checked_base(base):
    if not inspect.isclass(base) or not issubclass(base, keras.optimizers.Optimizer):
        hint = f". Give its class, {type(base).__name__}" if isinstance(base, keras.optimizers.Optimizer) else ""
        raise TypeError(f"`base` must be an optimizer class, such as keras.optimizers.Adam. Received: {base!r}{hint}")
    if issubclass(base, _WRAPPERS):
        raise TypeError(
            f"`base` must take steps itself. Received: {base.__name__}, which hands them to other optimizers: mix those"
        )
    base = _public(base)
    if issubclass(base, Mixin) and not base.__module__.startswith(__package__):
        raise ValueError(
            f"`base` must be without mixins, whose order matters: name all of them together. Received: {base.__name__}"
        )
    if optimizer_in(base.__mro__) in (None, keras.optimizers.Optimizer):
        raise TypeError(f"`base` must have an `update_step` of its own. Received: {base.__name__}")
    return base


def _public(base):
    """Keras' class of the name: on torch it makes instances of another one, which takes its steps in another way."""
    known = getattr(keras.optimizers, base.__name__, None)
    return known if inspect.isclass(known) and base.__module__.startswith("keras.") else base


@functools.cache
def _mixed(base, mixins):
    name = "".join(mixin.__name__ for mixin in mixins) + base.__name__
    register = keras.saving.register_keras_serializable("keras_regkit", name="MixedOptimizer")
    cls = register(type(name, (_Mixed, *mixins, base), {"PARTS": (base, mixins), "__module__": __name__}))
    # In another process there is no such class yet. Under the name that it is saved by, there is one that makes it.
    register(_Mixed)
    return cls


class _Mixed(Mixin):
    PARTS = None

    def get_config(self):
        base, mixins = self.PARTS
        names = [keras.saving.get_registered_name(mixin) for mixin in mixins]
        return {**super().get_config(), "base": keras.saving.get_registered_name(base), "mixins": names}

    @classmethod
    def from_config(cls, config, custom_objects=None):
        config = dict(config)
        base, mixins = config.pop("base", None), config.pop("mixins", None)
        if cls.PARTS is None:
            made = mix(_named(base, custom_objects), *(_named(name, custom_objects) for name in mixins))
            return made.from_config(config, custom_objects)
        return super().from_config(config, custom_objects)


keras.saving.register_keras_serializable("keras_regkit", name="MixedOptimizer")(_Mixed)


def _named(name, custom_objects):
    found = keras.saving.get_registered_object(name, custom_objects) or getattr(keras.optimizers, name, None)
    if found is None:
        raise ValueError(
            f"{name!r} is not registered. Import the module that defines it, decorated with "
            "@keras.saving.register_keras_serializable, before the model is loaded"
        )
    return found
