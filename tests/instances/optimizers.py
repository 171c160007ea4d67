"""Our optimizers: the mixins, mixed with an optimizer of Keras, and the ready classes."""

import dataclasses

import keras

from instances.instance import Instance
from keras_regkit import optimizers


@dataclasses.dataclass(frozen=True)
class Mixed(Instance):
    """A mixin, tried before another optimizer than the ready classes have."""

    base: type = keras.optimizers.RMSprop

    def make(self):
        return optimizers.mix(self.base, self.factory)(**self.arguments)


_ARGUMENTS = {
    optimizers.Proximal: {},
    optimizers.WeightDecayPolicy: {
        "weight_decay": 0.1,
        "decay_min_rank": 2,
        "decay_exclude": ["embeddings", "outputs/kernel"],
    },
    optimizers.Lookahead: {"sync_period": 2, "slow_step": 0.5},
    optimizers.AdaptiveGradientClipping: {
        "clipping": 0.02,
        "clipping_floor": 1e-3,
        "clipping_exclude": ["outputs/.*"],
    },
    optimizers.GradientCentralization: {"centralize_exclude": ["outputs/kernel"]},
    optimizers.GradientNoise: {"eta": 0.1, "gamma": 0.55, "seed": 0},
    optimizers.LearningRateMultipliers: {
        "multipliers": {"hidden/.*": 0.25, "bias": 0},
        "multipliers_strict": True,
    },
}
_READY = (
    optimizers.ProximalSGD,
    optimizers.ProximalAdam,
    optimizers.ProximalAdamW,
    optimizers.ProximalRMSprop,
    optimizers.ProximalAdagrad,
    optimizers.WeightDecayPolicySGD,
    optimizers.WeightDecayPolicyAdamW,
    optimizers.LookaheadSGD,
    optimizers.LookaheadAdam,
    optimizers.LookaheadAdamW,
    optimizers.AdaptiveGradientClippingSGD,
    optimizers.GradientCentralizationSGD,
    optimizers.GradientNoiseSGD,
    optimizers.LearningRateMultipliersAdamW,
)


_EXEMPT = {optimizers.GradientNoise: {"jit_changes_nothing": "XLA draws other numbers from the same seed"}}


def _name(cls):
    words = "".join(f"-{c.lower()}" if c.isupper() else c for c in cls.__name__.replace("AdamW", "Adamw"))
    return words.replace("-s-g-d", "-sgd").replace("-r-m-sprop", "-rmsprop").strip("-")


def _ready(cls):
    mixin = next(mixin for mixin in _ARGUMENTS if issubclass(cls, mixin))
    arguments = {**_ARGUMENTS[mixin], "learning_rate": 0.01}
    return Instance(
        _name(cls),
        "optimizer",
        cls,
        arguments,
        ranges=getattr(mixin, "RANGES", None),
        exempt=_EXEMPT.get(mixin, {}),
        everywhere=False,  # the row of the mixin is
    )


OPTIMIZERS = [
    *[
        Mixed(_name(mixin), "optimizer", mixin, given, exempt=_EXEMPT.get(mixin, {}))
        for mixin, given in _ARGUMENTS.items()
    ],
    *[_ready(cls) for cls in _READY],
]
