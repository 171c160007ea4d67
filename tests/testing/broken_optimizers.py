"""Optimizers with one fault each, for the check to catch, and a good one that must pass."""

import keras
import numpy as np
from keras import ops

register = keras.saving.register_keras_serializable("broken_optimizers")


@register
class GoodOptimizer(keras.optimizers.Optimizer):
    """Gradient descent with a velocity. The broken ones below differ from it in one thing."""

    def __init__(self, learning_rate=0.1, pull=0.5, **kwargs):
        super().__init__(learning_rate, **kwargs)
        self.pull = pull

    def build(self, variables):
        if self.built:
            return
        super().build(variables)
        self._velocities = self.add_optimizer_variables(variables, "velocity")

    def update_step(self, gradient, variable, learning_rate):
        velocity = self._velocities[self._get_variable_index(variable)]
        gradient = ops.cast(gradient, variable.dtype)
        self.assign(velocity, self.pull * velocity + self.seen(gradient))
        self.assign_sub(variable, ops.cast(self.rate(learning_rate), variable.dtype) * velocity)

    def seen(self, gradient):
        return gradient

    def rate(self, learning_rate):
        return learning_rate

    def get_config(self):
        config = super().get_config()
        if isinstance(config["learning_rate"], float):
            config["learning_rate"] = float(str(np.float32(config["learning_rate"])))
        return {**config, "pull": self.pull}


@register
class LosesArgument(GoodOptimizer):
    def get_config(self):
        config = super().get_config()
        del config["pull"]
        return config


class IsNotRegistered(GoodOptimizer):
    __module__ = "elsewhere"


@register
class DoesNothing(GoodOptimizer):
    def rate(self, learning_rate):
        return 0.0


@register
class MakesNan(GoodOptimizer):
    def seen(self, gradient):
        return gradient / (gradient - gradient)


@register
class KnowsJit(GoodOptimizer):
    """Takes other steps each time it is traced."""

    traced = 0

    def seen(self, gradient):
        KnowsJit.traced += 1
        return gradient * KnowsJit.traced


@register
class ScalesItsOwnLoss(GoodOptimizer):
    """A LossScaleOptimizer around it does not ask it to scale the loss."""

    def scale_loss(self, loss):
        return 8 * loss

    def seen(self, gradient):
        return gradient / 8


@register
class CountsMicroBatches(GoodOptimizer):
    def rate(self, learning_rate):
        return learning_rate / ops.cast(self._iterations + 1, "float32")


@register
class ReadsTheNumber(GoodOptimizer):
    def rate(self, learning_rate):
        return 0.05 if isinstance(self._learning_rate, keras.optimizers.schedules.LearningRateSchedule) else 0.1


@register
class HidesArgument(GoodOptimizer):
    def __init__(self, learning_rate=0.1, **kwargs):
        self_made = kwargs.pop("factor", 1.0)
        super().__init__(learning_rate, **kwargs)
        self.factor = self_made

    def rate(self, learning_rate):
        return self.factor * learning_rate


@register
class ForgetsState(GoodOptimizer):
    def save_own_variables(self, store):
        for i, variable in enumerate(self.variables):
            store[str(i)] = np.zeros_like(ops.convert_to_numpy(variable.value))
