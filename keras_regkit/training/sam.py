"""Sharpness-aware minimization."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.training._two_pass import TINY, TwoPass, norm


def steepest_ascent(gradients, rho):
    """Returns the step of length `rho` along the gradient, over all weights together.

        ε = ρ · g / ‖g‖₂

    Args:
        gradients: List of float tensors.
        rho: Length of the step, at least 0.

    Returns:
        List of tensors of the same shapes.
    """
    scale = rho / (norm(gradients) + TINY)
    return [scale * gradient for gradient in gradients]


def adaptive_ascent(weights, gradients, rho, eta=0.01):
    """Returns the step of length `rho` along the gradient where lengths are measured relative to the weights.

        ε = ρ · T² g / ‖T g‖₂,        T = |w| + η

    Args:
        weights: List of float tensors.
        gradients: List of float tensors of the same shapes.
        rho: Length of the step, at least 0.
        eta: What keeps small weights moving, at least 0. Defaults to 0.01.

    Returns:
        List of tensors of the same shapes.
    """
    sizes = [ops.abs(weight) + eta for weight in weights]
    steps = [size * gradient for size, gradient in zip(sizes, gradients, strict=True)]
    scale = rho / (norm(steps) + TINY)
    return [scale * size * step for size, step in zip(sizes, steps, strict=True)]


@keras.saving.register_keras_serializable("keras_regkit")
class SAM(TwoPass):
    """Trains a model by sharpness-aware minimization: towards weights around which the loss is low, too.

    Use it when the training loss is near 0 and the validation loss is not, above all with noisy labels and in
    fine-tuning, and a step may take twice as long. Each step goes uphill by `rho`, takes the gradient there, and
    applies it to the weights as they were:

        w ← w − lr · ∇L(w + ε),        ε = ρ ∇L(w) / ‖∇L(w)‖₂
        adaptive:                      ε = ρ T² ∇L(w) / ‖T ∇L(w)‖₂,   T = |w| + η

    The optimizer is that of `compile`. Moving averages, metrics and random seeds see one pass a step, the one at w;
    both passes have the same dropout masks, so `rho=0` is a plain step. A gradient uphill that is not finite is
    replaced by the one at w, and if that is not finite either, by 0; under loss scaling it is left to the optimizer,
    which skips the step and lowers the scale.

    Under `tf.distribute` each replica goes uphill by itself, on its part of the batch (m-sharpness, section 4.1 of the
    paper). `every=k` takes two passes at each k-th step of the optimizer and plain ones between; with XLA on a CPU,
    convolutions are slow in the second pass of such a step.

    Args:
        model: A built model. It is held, and trained in place.
        rho: Length ρ of the step uphill, at least 0: a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). The adaptive form wants it about
            ten times larger: 0.5 to 2. Defaults to 0.05.
        adaptive: Whether lengths are relative to the weights (ASAM). Defaults to False.
        every: Every how many steps the step is taken uphill first, at least 1. Defaults to 1.
        eta: η of the adaptive form, at least 0. Defaults to 0.01.
        name: Name of the wrapper. Defaults to `"sam"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: an argument is out of range, the model is not built, or has a training step of its own.

    Reference:
        Foret et al. 2021, "Sharpness-Aware Minimization for Efficiently Improving Generalization", equations 2 and 3;
        Kwon et al. 2021, "ASAM: Adaptive Sharpness-Aware Minimization", algorithm 1.

    Example:

    >>> model = keras.Sequential([keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")])
    >>> model.compile(keras.optimizers.SGD(0.5), "mse")
    >>> history = SAM(model, rho=0.1).fit(np.ones((4, 1)), np.zeros((4, 1)), verbose=0)
    >>> round(float(model.get_weights()[0][0, 0]), 4)       # 1 − 0.5 · 2 · (1 + 0.1)
    -0.1
    """

    RANGES = {  # noqa: RUF012
        "rho": Interval(0, closed="left"),
        "adaptive": OneOf(True, False),
        "every": TwoPass.EVERY,
        "eta": Interval(0, closed="left"),
    }

    def __init__(
        self,
        model: keras.Model,
        rho: StrengthLike = 0.05,
        adaptive: bool = False,
        every: int = 1,
        eta: float = 0.01,
        **kwargs: Any,
    ):
        check_arguments({name: self.RANGES[name] for name in ("adaptive", "eta")}, adaptive=adaptive, eta=eta)
        super().__init__(model, "rho", rho, self.RANGES["rho"], every, **kwargs)
        self.adaptive = adaptive
        self.eta = eta

    @property
    def rho(self):
        """ρ as it was given: a number or a schedule."""
        return self.strength.given

    def perturbation(self, weights, gradients, strength):
        if self.adaptive:
            return adaptive_ascent(weights, gradients, strength, self.eta)
        return steepest_ascent(gradients, strength)

    def get_config(self):
        return {**super().get_config(), "adaptive": self.adaptive, "eta": self.eta}
