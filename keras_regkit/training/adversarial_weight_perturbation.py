"""Adversarial weight perturbation."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.training._two_pass import TINY, TwoPass, norm


def relative_ascent(weights, gradients, gamma):
    """Returns for each weight the step along its gradient that is `gamma` times as long as the weight.

        ε_l = γ · ‖w_l‖₂ · g_l / ‖g_l‖₂,        0 for vectors (biases, scales)

    Args:
        weights: List of float tensors.
        gradients: List of float tensors of the same shapes.
        gamma: Relative length of the steps, at least 0.

    Returns:
        List of tensors of the same shapes; None for vectors.
    """
    return [
        None if len(weight.shape) < 2 else gamma * norm([weight]) / (norm([gradient]) + TINY) * gradient
        for weight, gradient in zip(weights, gradients, strict=True)
    ]


@keras.saving.register_keras_serializable("keras_regkit")
class AdversarialWeightPerturbation(TwoPass):
    """Trains a model at weights that are perturbed against it, each layer in proportion to its size (AWP).

    Use it as `SAM` where layers differ much in scale, and with adversarial training, for which it was made: it narrows
    the gap between robust training and test error. Each step moves every kernel uphill by the share γ of its own
    norm, takes the gradient there, and applies it to the weights as they were:

        w ← w − lr · ∇L(w + ε),        ε_l = γ ‖w_l‖₂ ∇_l L(w) / ‖∇_l L(w)‖₂   for each kernel l

    Biases and scales stay where they are. The optimizer is that of `compile`. Moving averages, metrics and random
    seeds see one pass a step, the one at w; both passes have the same dropout masks, so `gamma=0` is a plain step. A
    gradient uphill that is not finite is replaced by the one at w, and if that is not finite either, by 0; under loss
    scaling it is left to the optimizer, which skips the step and lowers the scale.

    Args:
        model: A built model. It is held, and trained in place.
        gamma: Size γ of the perturbation relative to each kernel, at least 0: a number, or a schedule over training
            steps, such as `strengths.WarmUp(5e-3, steps=1000)`, as perturbing a model that has learned nothing yet is
            of no use. Defaults to 5e-3.
        every: Every how many steps the weights are perturbed, at least 1; steps between are plain. Defaults to 1.
        name: Name of the wrapper. Defaults to `"adversarial_weight_perturbation"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: an argument is out of range, the model is not built, or has a training step of its own.

    Reference:
        Wu et al. 2020, "Adversarial Weight Perturbation Helps Robust Generalization", section 4.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    >>> model.compile(keras.optimizers.SGD(0.5), "mse")
    >>> wrapper = AdversarialWeightPerturbation(model, gamma=0.2)
    >>> history = wrapper.fit(np.ones((4, 1)), np.zeros((4, 1)), verbose=0)
    >>> round(float(model.get_weights()[0][0, 0]), 4)       # 1 − 0.5 · 2 · (1 + 0.2)
    -0.2
    """

    RANGES = {"gamma": Interval(0, closed="left"), "every": TwoPass.EVERY}  # noqa: RUF012

    def __init__(self, model: keras.Model, gamma: StrengthLike = 5e-3, every: int = 1, **kwargs: Any):
        super().__init__(model, "gamma", gamma, self.RANGES["gamma"], every, **kwargs)

    @property
    def gamma(self):
        """γ as it was given: a number or a schedule."""
        return self.strength.given

    def perturbation(self, weights, gradients, strength):
        return relative_ascent(weights, gradients, strength)
