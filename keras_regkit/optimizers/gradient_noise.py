"""Noise on the gradients, less and less of it."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.backend import eagerly, to_numpy
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.optimizers._mixin import Mixin


@keras.saving.register_keras_serializable("keras_regkit")
class GradientNoise(Mixin):
    """Adds normal noise to every gradient, which fades as training goes on.

    Put it before an optimizer of Keras, or use a ready class: `GradientNoiseSGD`. Use it for very deep or oddly built
    networks that get stuck early, above all from poor initial weights.

        g ← g + N(0, σ_t²),   σ_t² = η / (1 + t)^γ   at step t = 0, 1, ...

    The noise depends on the seed, the step and the weight alone: every replica draws the same, and a saved model goes
    on as it would have. It is the last thing that is done to a gradient before the optimizer takes it.

    Args:
        args, kwargs: As for the optimizer of Keras.
        eta: η, the variance at the first step, in [0, ∞). 0 is the optimizer alone. The paper tries 0.01, 0.3 and 1.
            Defaults to 0.01.
        gamma: γ, how fast it fades, in [0, ∞). Defaults to 0.55, the paper's choice.
        seed: Integer of at least 0. Defaults to None: another one each time.

    Reference:
        Neelakantan et al. 2015, "Adding Gradient Noise Improves Learning for Very Deep Networks", section 3.

    Example:

    >>> class NoisyAdam(GradientNoise, keras.optimizers.Adam):
    ...     pass
    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(1)])
    >>> model.compile(NoisyAdam(1e-3, eta=0.3, seed=0), "mse")
    """

    RANK = 20
    RANGES = {  # noqa: RUF012
        "eta": Interval(0),
        "gamma": Interval(0),
        "seed": Interval(0, 2**31 - 1, integer=True, optional=True),
    }

    def __init__(self, *args: Any, eta: float = 0.01, gamma: float = 0.55, seed: int | None = None, **kwargs: Any):
        check_arguments(GradientNoise.RANGES, eta=eta, gamma=gamma, seed=seed)
        super().__init__(*args, **kwargs)
        self.eta = eta
        self.gamma = gamma
        self.seed = seed

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        with eagerly():
            drawn = keras.random.SeedGenerator(self.seed).state
            start = to_numpy(drawn)
        # Among the optimizer's own variables: saved, and no constant in a compiled step.
        self._noise_seed = self.add_variable(
            shape=(2,),
            initializer=lambda shape, dtype: ops.convert_to_tensor(start, dtype),
            dtype=drawn.dtype,
            aggregation="only_first_replica",
            name="noise_seed",
        )

    def update_step(self, gradient, variable, learning_rate):
        if self.eta:
            gradient = ops.cast(ops.convert_to_tensor(gradient), variable.dtype)
            step = ops.cast(self.iterations, "float32")
            deviation = ops.sqrt(self.eta / ops.power(1 + step, self.gamma))
            noise = keras.random.normal(variable.shape, dtype="float32", seed=self._seed_of(variable))
            gradient = gradient + ops.cast(deviation * noise, gradient.dtype)
        super().update_step(gradient, variable, learning_rate)

    def get_config(self):
        return {**super().get_config(), "eta": self.eta, "gamma": self.gamma, "seed": self.seed}

    def _seed_of(self, variable):
        """The seed of this step and variable: no two are the same."""
        start = ops.convert_to_tensor(self._noise_seed)
        step = ops.cast(self.iterations, start.dtype) * len(self._trainable_variables)
        return _Seed(start + ops.stack([ops.zeros_like(step), step + self._get_variable_index(variable)]))


class _Seed(keras.random.SeedGenerator):
    """A seed that was computed, in the shape in which `keras.random` takes it."""

    def __init__(self, seed):
        self._seed = seed

    def next(self, ordered=True):
        return self._seed
