"""Training steps that take their gradient at other weights than the model's, and apply it to those it has."""

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.strength import Strength
from keras_regkit.training._wrapper import Wrapper, of_backend


class TwoPass(Wrapper):
    """A wrapper whose steps have two passes: one at the weights, and one at the weights plus a perturbation.

    The first pass is that of a plain step: it moves moving averages and random seeds, and is what metrics and the loss
    shown are of. The second sees the same dropout masks; of it, nothing is kept but the gradient. The weights
    themselves are not touched between the passes.

    A method is the function `perturbation`, and a strength, which its constructor passes on.

    Args:
        model: A built model.
        argument: Name of the strength.
        strength: A number, or a schedule.
        bounds: The legal numbers.
        every: Every how many steps there are two passes; between those, steps are plain.
    """

    EVERY = Interval(1, closed="left", integer=True)

    def __init__(self, model, argument, strength, bounds, every, **kwargs):
        self.EVERY.check("every", every)
        super().__init__(model, **kwargs)
        self.strength = Strength(argument, strength, bounds, owner=self.name)
        self.every = every

    def perturbation(self, weights, gradients, strength):
        """Returns what is added to each of the weights for the second pass.

        Args:
            weights: Values of the trainable weights that have a gradient, float32 tensors.
            gradients: Those of the loss at these weights, times an unknown factor; float32 tensors.
            strength: Scalar tensor.

        Returns:
            A list of tensors; None for a weight that is to stay.
        """
        raise NotImplementedError

    def perturbed(self, weights, gradients, strength):
        """Returns the weights of the second pass, for values and gradients of all trainable weights."""
        chosen = [index for index, gradient in enumerate(gradients) if gradient is not None]
        single = [[ops.cast(values[index], "float32") for index in chosen] for values in (weights, gradients)]
        moved = list(weights)
        for index, step in zip(chosen, self.perturbation(*single, strength), strict=True):
            if step is not None:
                moved[index] = weights[index] + ops.cast(step, weights[index].dtype)
        return moved

    def train_step(self, *args):
        if not self.trainable_variables:
            return super().train_step(*args)  # it warns
        return of_backend("two_pass_step")(self, *args)

    @property
    def scales_loss(self):
        """Whether the optimizer itself looks for gradients that are not finite, to set the scale of the loss."""
        return isinstance(self.optimizer, keras.optimizers.LossScaleOptimizer)

    @property
    def loss_tracker(self):
        """The metric that shows the loss."""
        return next(metric for metric in self.metrics if metric.name == "loss")

    def state_of_pass(self):
        """Returns the variables that a pass may change, other than the weights, so that the second can start from what
        the first one started from. Those of losses are among them."""
        held = [*self.non_trainable_variables]
        for loss in keras.tree.flatten(self.loss):
            for value in vars(loss).values() if isinstance(loss, keras.losses.Loss) else ():
                if isinstance(value, keras.layers.Layer):
                    held += value.variables
                elif isinstance(value, keras.Variable):
                    held.append(value)
        return list({id(variable): variable for variable in held}.values())

    def get_config(self):
        return {**super().get_config(), self.strength.argument: self.strength.config(), "every": self.every}


def norm(tensors):
    """Returns the Euclidean norm of all the tensors together."""
    return ops.sqrt(of_backend("sum_of_squares")(tensors))


# Added to norms, so that no gradient means no perturbation.
TINY = 1e-12
