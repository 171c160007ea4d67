"""Virtual adversarial training: predictions that hold when the inputs move in the worst direction."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.training._extra_pass import ExtraPass, plain_model
from keras_regkit.training._inputs import MovableInputs, unit_directions, unit_vectors
from keras_regkit.training._outputs import kl_divergence
from keras_regkit.training._wrapper import gradient


@keras.saving.register_keras_serializable("keras_regkit")
class VirtualAdversarial(ExtraPass):
    """Trains a model so that its predictions hold when the inputs move by ε in the direction that changes them most.

    Use it when there are few labels, and inputs on a common scale: it smooths the predictions around each sample, and
    needs no label to do so. A step takes two to four times as long, and once more for each further power iteration.

        L = loss + α · 1/B Σᵢ KL(p(xᵢ) ‖ p(xᵢ + rᵢ)),        rᵢ = ε dᵢ / ‖dᵢ‖₂
        d ← ∇ᵣ KL(p(x) ‖ p(x + r)) at r = ξ d / ‖d‖₂, `power_iterations` times, from random directions

    No gradient flows through p(x) nor through r. The norm is over all the inputs of a sample together; integers are
    left alone. What the outputs are is told by the compiled loss, or else by the last activation; for outputs that are
    no probabilities the squared difference takes the place of KL. Each output's divergence counts by its weights in
    `loss_weights`, each sample's by its `sample_weight`.

    All passes have the dropout masks of the first, of which alone moving averages, metrics and random seeds know. The
    mean divergence is shown in History as `"virtual_adversarial"`. Evaluation and prediction are those of the model
    within.

    Args:
        model: A built model. It is held, and trained in place.
        epsilon: Length ε of the move, in units of the inputs, above 0. The one number to tune; the distances between
            samples are a scale for it.
        alpha: Weight α, at least 0: a number, or a schedule over training steps (of `keras_regkit.strengths`, or any
            `keras.optimizers.schedules` object). Defaults to 1.
        xi: Length ξ of the trial move from which the direction is found, above 0: small against ε, and large against
            the rounding of the inputs. Under `mixed_float16` use 1 or more. Defaults to 0.1.
        power_iterations: How often the direction is improved, at least 1. Defaults to 1.
        seed: Integer seed of the first directions. Defaults to None.
        name: Name of the wrapper. Defaults to `"virtual_adversarial"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: an argument is out of range, the model is not built, or has a training step of its own;
            in training, for a model that has only integers as inputs, or an embedding.

    Reference:
        Miyato et al. 2018, "Virtual Adversarial Training: A Regularization Method for Supervised and Semi-Supervised
        Learning", equations 5 to 12 and algorithm 1.

    Example:

    >>> model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(3, "softmax")])
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> wrapper = VirtualAdversarial(model, epsilon=0.5, seed=0)
    >>> history = wrapper.fit(np.ones((4, 2)), np.array([0, 1, 2, 0]), verbose=0)
    >>> sorted(history.history), history.history["virtual_adversarial"][0] > 0
    (['loss', 'virtual_adversarial'], True)
    """

    RANGES = {  # noqa: RUF012
        "epsilon": Interval(0, closed="neither"),
        "alpha": Interval(0, closed="left"),
        "xi": Interval(0, closed="neither"),
        "power_iterations": Interval(1, closed="left", integer=True),
    }

    compares_passes = True

    def __init__(
        self,
        model: keras.Model,
        epsilon: float,
        alpha: StrengthLike = 1.0,
        xi: float = 0.1,
        power_iterations: int = 1,
        seed: int | None = None,
        **kwargs: Any,
    ):
        fixed = {"epsilon": epsilon, "xi": xi, "power_iterations": power_iterations}
        check_arguments({name: self.RANGES[name] for name in fixed}, **fixed)
        super().__init__(model, "alpha", alpha, "virtual_adversarial", **kwargs)
        self.epsilon = epsilon
        self.xi = xi
        self.power_iterations = power_iterations
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._strength.given

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        noise = self.noise()
        inputs = MovableInputs(type(self).__name__, plain_model(self), x)
        clean = keras.tree.map_structure(ops.stop_gradient, y_pred)

        def divergence(steps, weights=None):
            return self.divergence(kl_divergence, clean, self.further_pass(inputs.shifted(steps), noise), weights)

        directions = unit_directions([ops.shape(leaf) for leaf in inputs.floats], self.seed_generator)
        for _ in range(self.power_iterations):
            trial = [ops.stop_gradient(self.xi * d) for d in directions]
            # Of the sum, as each sample's direction is its own: in large batches, a mean is too small for 16 bits.
            directions = unit_vectors(gradient(lambda steps: inputs.rows * divergence(steps), trial))
        steps = [ops.stop_gradient(self.epsilon * d) for d in directions]
        return self.add_term(loss, self._strength.advance(), divergence(steps, sample_weight), x)

    def get_config(self):
        return {
            **super().get_config(),
            "epsilon": self.epsilon,
            "alpha": self._strength.config(),
            "xi": self.xi,
            "power_iterations": self.power_iterations,
            "seed": self.seed,
        }
