"""A penalty on how steeply the loss changes with the inputs."""

from typing import Any

import keras

from keras_regkit._core.backend import replicas_in_sync
from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.training._extra_pass import ExtraPass, plain_model
from keras_regkit.training._inputs import MovableInputs
from keras_regkit.training._outputs import average_over_batch, sum_of_squares
from keras_regkit.training._wrapper import gradient


@keras.saving.register_keras_serializable("keras_regkit")
class GradientPenalty(ExtraPass):
    """Trains a model so that its loss changes little when its inputs change a little.

    Use it when inputs are noisy, or shall be hard to attack, and there are few of them. It is double backpropagation:
    the gradient of the loss with respect to the inputs is taken, and then a gradient through that. A step takes two to
    four times as long.

        L = loss + λ · 1/B Σᵢ ‖∇ₓ ℓ(yᵢ, f(xᵢ))‖₂²

    with ℓ a sample's part in the compiled loss, without penalties, and the norm over all its inputs together. Weights
    of samples weigh the sum. Those given for single outputs or time steps are within ℓ, and so are squared. Losses must
    be averages over the batch, as those of Keras are by default. Inputs that are integers are left out.

    The further pass has the dropout masks of the first, of which alone moving averages, metrics and random seeds know.
    With batch normalization in the model, ℓ depends on the other inputs of the batch too. The mean squared norm is
    shown in History as `"gradient_norm"`. Evaluation and prediction are those of the model within.

    Args:
        model: A built model. It is held, and trained in place.
        strength: λ, at least 0: a number, or a schedule over training steps (of `keras_regkit.strengths`, or any
            `keras.optimizers.schedules` object). What it multiplies grows with the number of inputs and shrinks with
            the square of their scale: for standardized inputs try 0.01 to 1. Defaults to 0.1.
        name: Name of the wrapper. Defaults to `"gradient_penalty"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: strength is out of range, the model is not built, or has a training step of its own; in
            training, for a model that has only integers as inputs, or an embedding.

    Reference:
        Drucker and LeCun 1992, "Improving Generalization Performance Using Double Backpropagation", equation 4; Ross
        and Doshi-Velez 2018, "Improving the Adversarial Robustness and Interpretability of Deep Neural Networks by
        Regularizing their Input Gradients", equation 3.

    Example:

    >>> layers = [keras.Input((1,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    >>> model = keras.Sequential(layers)
    >>> model.compile("sgd", "mse")
    >>> history = GradientPenalty(model, strength=0.25).fit(np.ones((4, 1)), np.zeros((4, 1)), verbose=0)
    >>> round(history.history["loss"][0], 4)       # 1² + 0.25 · (2 · 1)²
    2.0
    """

    RANGES = {"strength": Interval(0, closed="left")}  # noqa: RUF012

    def __init__(self, model: keras.Model, strength: StrengthLike = 0.1, **kwargs: Any):
        super().__init__(model, "strength", strength, "gradient_norm", **kwargs)

    @property
    def strength(self):
        """λ as it was given: a number or a schedule."""
        return self._strength.given

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        noise = self.noise()
        inputs = MovableInputs(type(self).__name__, plain_model(self), x)
        outside = _one_for_each_sample(sample_weight)
        within = sample_weight if outside is None else None

        def summed_loss(moved):
            outputs = self.further_pass(inputs.with_floats(moved), noise)
            # The sum over all samples: in large batches, the share in a mean is too small for 16 bits.
            return inputs.rows * replicas_in_sync() * self.data_loss(y, outputs, within)

        squares = sum(sum_of_squares(g) for g in gradient(summed_loss, inputs.floats))
        return self.add_term(loss, self._strength.advance(), average_over_batch(squares, outside), x)

    def get_config(self):
        return {**super().get_config(), "strength": self._strength.config()}


def _one_for_each_sample(weight):
    """Returns the weights, if they are one for each sample, whatever the output; None if there are others, or none."""
    if weight is None or keras.tree.is_nested(weight):
        return None
    return weight if len(weight.shape) == 1 or tuple(weight.shape[1:]) == (1,) else None
