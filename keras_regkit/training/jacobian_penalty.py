"""A penalty on how much the outputs change with the inputs."""

from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.training._extra_pass import ExtraPass, plain_model
from keras_regkit.training._inputs import MovableInputs, unit_directions
from keras_regkit.training._outputs import average_over_batch, logits_of, sum_of_squares
from keras_regkit.training._wrapper import gradient


@keras.saving.register_keras_serializable("keras_regkit")
class JacobianPenalty(ExtraPass):
    """Trains a model so that its outputs change little when its inputs change a little.

    Use it when inputs are noisy, or shall be hard to attack: it pushes the training samples away from the boundaries
    between classes. The squared Frobenius norm of the Jacobian of the C outputs is estimated from a few random
    directions, each of which costs a pass forward and a gradient; with one, a step takes two to four times as long.

        L = loss + λ/2 · 1/B Σᵢ ‖J(xᵢ)‖²,    ‖J‖² ≈ C/n Σₘ ‖∂(vₘ · z)/∂x‖₂²,   vₘ uniform on the unit sphere

    z are the logits: of classes those that the loss takes, or, where the model ends with softmax, those of mean 0 that
    give its probabilities; of probabilities of yes and no their log-odds; of anything else the outputs themselves. With
    several outputs, z is all of them together. With one number as output (C = 1) the estimate is exact. Each sample
    counts by its weight. Inputs that are integers are left out.

    The further pass has the dropout masks of the first, of which alone moving averages, metrics and random seeds know.
    The mean of ‖J‖² is shown in History as `"jacobian_norm"`. Evaluation and prediction are those of the model within.

    Args:
        model: A built model. It is held, and trained in place.
        strength: λ, at least 0: a number, or a schedule over training steps (of `keras_regkit.strengths`, or any
            `keras.optimizers.schedules` object). It is the paper's, with the half. Defaults to 0.01.
        projections: Number n of random directions, at least 1. Defaults to 1.
        seed: Integer seed of the directions. Defaults to None.
        name: Name of the wrapper. Defaults to `"jacobian_penalty"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: an argument is out of range, the model is not built, or has a training step of its own;
            in training, for a model that has only integers as inputs, or an embedding.

    Reference:
        Hoffman et al. 2019, "Robust Learning with Jacobian Regularization", equations 4 to 6 and algorithm 1.

    Example:

    >>> layers = [keras.Input((2,)), keras.layers.Dense(1, use_bias=False, kernel_initializer="ones")]
    >>> model = keras.Sequential(layers)
    >>> model.compile("sgd", "mse")
    >>> history = JacobianPenalty(model, strength=1.0).fit(np.ones((4, 2)), np.ones((4, 1)), verbose=0)
    >>> round(history.history["jacobian_norm"][0], 4), round(history.history["loss"][0], 4)       # 1² + 1², 1 + 2/2
    (2.0, 2.0)
    """

    RANGES = {  # noqa: RUF012
        "strength": Interval(0, closed="left"),
        "projections": Interval(1, closed="left", integer=True),
    }

    def __init__(
        self,
        model: keras.Model,
        strength: StrengthLike = 0.01,
        projections: int = 1,
        seed: int | None = None,
        **kwargs: Any,
    ):
        check_arguments({"projections": self.RANGES["projections"]}, projections=projections)
        super().__init__(model, "strength", strength, "jacobian_norm", **kwargs)
        self.projections = projections
        self.seed = seed
        self.seed_generator = keras.random.SeedGenerator(seed)

    @property
    def strength(self):
        """λ as it was given: a number or a schedule."""
        return self._strength.given

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        noise = self.noise()
        inputs = MovableInputs(type(self).__name__, plain_model(self), x)
        meanings = self.meanings(y_pred)
        shapes = [ops.shape(logits) for logits in _logits(y_pred, meanings)]

        def squared_slope():
            directions = unit_directions(shapes, self.seed_generator)

            def along(moved):
                logits = _logits(self.further_pass(inputs.with_floats(moved), noise), meanings)
                return sum(ops.sum(v * z) for v, z in zip(directions, logits, strict=True))

            return sum(sum_of_squares(g) for g in gradient(along, inputs.floats))

        numbers = sum(ops.cast(ops.prod(ops.convert_to_tensor(shape[1:], "int32")), "float32") for shape in shapes)
        slopes = sum(squared_slope() for _ in range(self.projections)) / self.projections
        norm = average_over_batch(numbers * slopes, sample_weight)
        return self.add_term(loss, self._strength.advance() / 2, norm, x)

    def get_config(self):
        config = {"strength": self._strength.config(), "projections": self.projections, "seed": self.seed}
        return {**super().get_config(), **config}


def _logits(predictions, meanings):
    """The logits of the outputs that a loss looks at, as a list."""
    outputs = zip(keras.tree.flatten(predictions), meanings, strict=True)
    return [logits_of(prediction, meaning) for prediction, meaning in outputs if meaning is not None]
