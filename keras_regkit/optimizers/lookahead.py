"""Lookahead: k steps forward, one step back."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.backend import is_detached, to_numpy
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.optimizers._mixin import Mixin


@keras.saving.register_keras_serializable("keras_regkit")
class Lookahead(Mixin):
    """Goes k steps ahead with the optimizer, then moves the weights only part of the way there.

    Put it before an optimizer of Keras, or use a ready class: `LookaheadSGD`, `LookaheadAdam`, `LookaheadAdamW`. Use it
    where training is noisy or the learning rate delicate: it averages over the steps, for one more copy of the weights.

        every k steps:   φ ← φ + α (θ − φ),   θ ← φ      φ the slow weights, θ those that the optimizer moves

    The moments of the optimizer go on. `fit` ends with the slow weights: what was stepped ahead of them since they last
    moved is left out. Within `fit` the model has the fast ones, so validate after a multiple of k steps to see the
    slow ones. Weights that the fast steps brought to exactly zero become zero at once, so that `Proximal` steps and
    constraints keep their sparsity.

    Args:
        args, kwargs: As for the optimizer of Keras.
        sync_period: k, steps of the optimizer (after gradient accumulation) until the slow weights move, at least 1.
            Defaults to 5.
        slow_step: α, how far they move, in (0, 1]. 1 is the optimizer alone. Defaults to 0.5.

    Reference:
        Zhang et al. 2019, "Lookahead Optimizer: k steps forward, 1 step back", algorithm 1.

    Example:

    >>> class LookaheadRMSprop(Lookahead, keras.optimizers.RMSprop):
    ...     pass
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(LookaheadRMSprop(1e-3, sync_period=10), "mse")
    """

    RANK = 90
    RANGES = {  # noqa: RUF012
        "sync_period": Interval(1, integer=True),
        "slow_step": Interval(0, 1, closed="right"),
    }

    def __init__(self, *args: Any, sync_period: int = 5, slow_step: float = 0.5, **kwargs: Any):
        check_arguments(Lookahead.RANGES, sync_period=sync_period, slow_step=slow_step)
        super().__init__(*args, **kwargs)
        self.sync_period = sync_period
        self.slow_step = slow_step

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._slow_weights = self.add_optimizer_variables(variables, "slow")

    def update_step(self, gradient, variable, learning_rate):
        done = ops.cast(self.iterations, "int32")
        slow = self._slow_weights[self._get_variable_index(variable)]
        # The weights are the slow ones now, unless they were set from outside or projected by a constraint: then so are
        # the slow ones.
        begins = done % self.sync_period == 0
        self.assign(slow, ops.where(begins, ops.convert_to_tensor(variable), ops.convert_to_tensor(slow)))
        super().update_step(gradient, variable, learning_rate)
        fast, slow = ops.convert_to_tensor(variable), ops.convert_to_tensor(slow)
        if self.slow_step < 1:
            moved = ops.where(fast == 0, fast, slow + self.slow_step * (fast - slow))
            self.assign(variable, ops.where((done + 1) % self.sync_period == 0, moved, fast))

    def finalize_variable_values(self, var_list):
        # On JAX, `fit` comes here without values when a step has failed.
        if self.built and self.slow_step < 1 and not is_detached(self._iterations) and self._is_ahead():
            for variable in var_list:
                slow = self._slow_weights[self._get_variable_index(variable)]
                if slow is not None:
                    # The copy: on torch a tensor would be shared.
                    variable.assign(to_numpy(slow))
        super().finalize_variable_values(var_list)

    def _is_ahead(self):
        done = int(to_numpy(self._iterations)) // (self.gradient_accumulation_steps or 1)
        return done % self.sync_period != 0

    def get_config(self):
        return {**super().get_config(), "sync_period": self.sync_period, "slow_step": self.slow_step}
