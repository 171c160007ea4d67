"""Weight decay for those weights alone that overfit."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments, did_you_mean
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.optimizers._mixin import Mixin
from keras_regkit.optimizers._paths import Patterns, fits, fits_any

DEFAULT = ("bias", "embeddings")


@keras.saving.register_keras_serializable("keras_regkit")
class WeightDecayPolicy(Mixin):
    """Leaves biases, normalization scales and embeddings out of weight decay, and says so in the config.

    Put it before an optimizer of Keras that decays (`weight_decay=`), or use a ready class: `WeightDecayPolicyAdamW`,
    `WeightDecayPolicySGD`. Keras decays every weight; `exclude_from_weight_decay` must be called anew after loading,
    and compares names with the full path on TensorFlow, with the bare name elsewhere. This policy is saved with the
    model, is the same on every backend, and acts within a `LossScaleOptimizer` too.

        w ← w − lr · d · w   beside the optimizer's step, for weights that the policy does not exclude

    Args:
        args, kwargs: As for the optimizer of Keras.
        decay_min_rank: Weights of fewer axes are left out, in [0, ∞). 2 leaves out vectors: biases, scales and offsets
            of normalization. Defaults to 2.
        decay_exclude: List of regular expressions that fit the end of a weight's path, from the beginning of a name:
            `"embeddings"`, `"head/kernel"`, `"block_1/.*"`. Those weights are left out too. Defaults to None:
            `["bias", "embeddings"]`; the biases of attention have two axes.

    Raises:
        TypeError, ValueError: the patterns are no list of regular expressions.

    A `NoEffectWarning` says when the optimizer is built and a pattern fits no weight that trains, except for
    `"bias"` and `"embeddings"`.

    Reference:
        Loshchilov & Hutter 2019, "Decoupled Weight Decay Regularization", algorithm 2.

    Example:

    >>> class PolicyLion(WeightDecayPolicy, keras.optimizers.Lion):
    ...     pass
    >>> optimizer = PolicyLion(1e-4, weight_decay=0.1, decay_exclude=["embeddings", "head/kernel"])
    >>> optimizer.get_config()["decay_exclude"]
    ['embeddings', 'head/kernel']
    """

    RANK = 50
    RANGES = {  # noqa: RUF012
        "decay_min_rank": Interval(0, integer=True),
        "decay_exclude": Patterns(optional=True),
    }

    def __init__(self, *args: Any, decay_min_rank: int = 2, decay_exclude: Sequence[str] | None = None, **kwargs: Any):
        check_arguments(WeightDecayPolicy.RANGES, decay_min_rank=decay_min_rank, decay_exclude=decay_exclude)
        super().__init__(*args, **kwargs)
        self.decay_min_rank = decay_min_rank
        self.decay_exclude = decay_exclude

    def build(self, variables):
        if not self.built:
            self._warn_of_patterns([variable.path for variable in variables])
        super().build(variables)

    def get_config(self):
        return {
            **super().get_config(),
            "decay_min_rank": self.decay_min_rank,
            "decay_exclude": None if self.decay_exclude is None else list(self.decay_exclude),
        }

    def _use_weight_decay(self, variable):
        if not super()._use_weight_decay(variable):
            return False
        variable = self.keras_variable(variable)
        exclude = DEFAULT if self.decay_exclude is None else self.decay_exclude
        return len(variable.shape) >= self.decay_min_rank and not fits_any(exclude, variable)

    def _apply_weight_decay(self, variables):
        # Torch decays all of a list at once, and does not take an empty one.
        decaying = [v for v in variables if self._use_weight_decay(v)]
        if decaying:
            super()._apply_weight_decay(decaying)

    def _warn_of_patterns(self, paths):
        for pattern in self.decay_exclude or ():
            # The usual ones are given to models without such weights too.
            if pattern not in DEFAULT and not any(fits(pattern, path) for path in paths):
                warnings.warn(
                    f"`decay_exclude` has {pattern!r}, which fits the end of no path of a weight that trains now: "
                    f"{paths}.{did_you_mean(pattern, paths)} It has no effect, unless it is meant for frozen weights",
                    NoEffectWarning,
                    stacklevel=4,
                )
