"""A learning rate for each layer."""

import collections.abc
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments, did_you_mean
from keras_regkit.optimizers._mixin import Mixin
from keras_regkit.optimizers._paths import check_pattern, fits


@keras.saving.register_keras_serializable("keras_regkit")
class LearningRateMultipliers(Mixin):
    """Multiplies the learning rate of some weights, and their weight decay alike.

    Put it before an optimizer of Keras, or use a ready class: `LearningRateMultipliersAdamW`. Use it to fine-tune:
    early layers, which hold what is general, learn slower than late ones. `layerwise_learning_rates` makes the
    multipliers. A learning-rate schedule acts on all weights as ever, before the multipliers.

        lr_w = m_w · lr

    Args:
        args, kwargs: As for the optimizer of Keras.
        multipliers: Dict from a regular expression to a number in [0, ∞). The expression fits the end of a weight's
            path, from the beginning of a name: `"head/kernel"`, `"block_1/.*"`, `"bias"`. The first one that fits
            counts; weights that none fits have 1. 0 freezes a weight: the optimizer does not touch it. Defaults to
            None: none.
        multipliers_strict: Whether every expression must fit a weight that trains. Without it, those of frozen layers
            may wait until their layers train: `callbacks.GradualUnfreezing` needs that. Defaults to True.

    Raises:
        TypeError, ValueError: the multipliers are no such dict; when built, an expression fits no weight.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", eq. 2.

    Example:

    >>> class PacedSGD(LearningRateMultipliers, keras.optimizers.SGD):
    ...     pass
    >>> head = keras.layers.Dense(1, use_bias=False, kernel_initializer="ones", name="head")
    >>> model = keras.Sequential([keras.Input((2,)), head])
    >>> model.compile(PacedSGD(1.0, multipliers={"head/.*": 0.25}), lambda y, p: ops.mean(p))
    >>> history = model.fit(np.ones((1, 2)), np.ones((1, 1)), verbose=0)
    >>> model.get_weights()[0].tolist()
    [[0.75], [0.75]]
    """

    RANK = 80
    RANGES = {"multipliers_strict": OneOf(True, False)}  # noqa: RUF012

    def __init__(
        self, *args: Any, multipliers: Mapping[str, float] | None = None, multipliers_strict: bool = True, **kwargs: Any
    ):
        check_arguments(LearningRateMultipliers.RANGES, multipliers_strict=multipliers_strict)
        _check(multipliers)
        super().__init__(*args, **kwargs)
        self.multipliers = multipliers
        self.multipliers_strict = multipliers_strict
        self._rate_factor = 1

    def build(self, variables):
        if self.built:
            return
        paths = [variable.path for variable in variables]
        for pattern in (self.multipliers or {}) if self.multipliers_strict else ():
            if not any(fits(pattern, path) for path in paths):
                raise ValueError(
                    "`multipliers` must name weights that train by the end of their paths."
                    f"{did_you_mean(pattern, paths)} Received: {pattern!r}, which fits none of {paths}. For layers "
                    "that are frozen now, set multipliers_strict=False"
                )
        super().build(variables)

    def multiplier_of(self, variable):
        """Returns the multiplier of a variable of the model."""
        path = self.keras_variable(variable).path
        return next((m for pattern, m in (self.multipliers or {}).items() if fits(pattern, path)), 1)

    def update_step(self, gradient, variable, learning_rate):
        multiplier = self.multiplier_of(variable)
        if multiplier == 0:
            return
        if multiplier != 1:
            learning_rate = ops.multiply(learning_rate, multiplier)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {
            **super().get_config(),
            "multipliers": None if self.multipliers is None else dict(self.multipliers),
            "multipliers_strict": self.multipliers_strict,
        }

    def _apply_weight_decay(self, variables):
        if self.weight_decay is None:
            return
        together = {}
        for variable in variables:
            together.setdefault(self.multiplier_of(variable), []).append(variable)
        for multiplier, alike in together.items():
            if multiplier:
                self._rate_factor = multiplier
                super()._apply_weight_decay(alike)
                self._rate_factor = 1

    def _get_current_learning_rate(self):
        rate = super()._get_current_learning_rate()
        return rate if self._rate_factor == 1 else ops.multiply(rate, self._rate_factor)


def _check(multipliers):
    if multipliers is None:
        return
    if not isinstance(multipliers, collections.abc.Mapping):
        raise TypeError(
            "`multipliers` must be a dict from a regular expression to a number. Received: "
            f"{multipliers!r} of type {type(multipliers).__name__}"
        )
    for pattern, multiplier in multipliers.items():
        if not isinstance(pattern, str):
            raise TypeError(f"`multipliers` must have regular expressions for keys. Received: {pattern!r}")
        check_pattern("multipliers", pattern, multipliers)
        Interval(0).check(f"multipliers[{pattern!r}]", multiplier)
