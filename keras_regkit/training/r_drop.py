"""R-Drop: two passes with different dropout masks that shall agree."""

import warnings
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.tracking import all_layers
from keras_regkit._core.types import StrengthLike
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.training._extra_pass import ExtraPass
from keras_regkit.training._outputs import symmetric_divergence


@keras.saving.register_keras_serializable("keras_regkit")
class RDrop(ExtraPass):
    """Trains a model so that two passes with different dropout masks predict the same.

    Use it with a classifier that has dropout, when it overfits and dropout alone does not help: above all in the
    fine-tuning of transformers. A step takes one more pass forward, and its gradient.

        L = ½ (ℓ(y, p₁) + ℓ(y, p₂)) + α · ½ (KL(p₁ ‖ p₂) + KL(p₂ ‖ p₁))

    with ℓ the compiled loss. This is equation 4 of the paper halved, so that losses compare with those of plain
    training, and so its α is twice the α here: the authors' published code has the average, too. An α of 0 is plain
    training.

    What the outputs are is told by the compiled loss, or else by the last activation: distributions over classes,
    probabilities of yes and no, or their logits. The divergence of any other output is the squared difference, as for
    normal distributions of variance 1. Each output's divergence counts by its weights in `loss_weights`, each sample's
    by its `sample_weight`.

    Moving averages, metrics and random seeds see one pass a step, the first. The mean divergence is shown in History as
    `"divergence"`. Evaluation and prediction are those of the model within.

    Args:
        model: A built model with dropout. It is held, and trained in place.
        alpha: Weight α of the divergence, at least 0: a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object). Defaults to 1.
        name: Name of the wrapper. Defaults to `"r_drop"`.
        dtype: Dtype policy. Defaults to that of `model`.

    Call arguments:
        inputs: What the model within takes; it returns what that returns.

    Raises:
        TypeError, ValueError: alpha is out of range, the model is not built, or has a training step of its own. A model
            without dropout gets a `NoEffectWarning`.

    Reference:
        Liang et al. 2021, "R-Drop: Regularized Dropout for Neural Networks", equation 4.

    Example:

    >>> layers = [keras.Input((8,)), keras.layers.Dropout(0.5, seed=1), keras.layers.Dense(2, "softmax")]
    >>> model = keras.Sequential(layers)
    >>> model.compile("sgd", "sparse_categorical_crossentropy")
    >>> history = RDrop(model, alpha=0.5).fit(np.ones((4, 8)), np.array([0, 1, 0, 1]), verbose=0)
    >>> sorted(history.history), history.history["divergence"][0] > 0
    (['divergence', 'loss'], True)
    """

    RANGES = {"alpha": Interval(0, closed="left")}  # noqa: RUF012

    compares_passes = True

    def __init__(self, model: keras.Model, alpha: StrengthLike = 1.0, **kwargs: Any):
        super().__init__(model, "alpha", alpha, "divergence", **kwargs)
        if not any(_is_noisy(layer) for layer in all_layers(model)):
            warnings.warn(
                f"RDrop compares two passes with different dropout masks, and {model.name!r} has no layer that draws "
                "at random in training: both passes are the same, and the divergence is 0",
                NoEffectWarning,
                stacklevel=2,
            )

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._strength.given

    def training_loss(self, loss, x, y, y_pred, sample_weight):
        alpha = self._strength.advance()
        again = self.further_pass(x, self.noise(), same_noise=False)
        # Half of the data's loss is taken over by the second pass; of the penalties, nothing.
        half = ops.where(alpha > 0, 0.5, 0.0)
        change = half * (self.data_loss(y, again, sample_weight) - self.data_loss(y, y_pred, sample_weight))
        divergence = self.divergence(symmetric_divergence, y_pred, again, sample_weight)
        return self.add_term(loss + ops.cast(change, loss.dtype), alpha, divergence, x)

    def get_config(self):
        return {**super().get_config(), "alpha": self._strength.config()}


_RATES = ("rate", "dropout", "recurrent_dropout", "stddev")


def _is_noisy(layer):
    """Whether a layer draws at random in training: it has a generator, and not all of its rates are 0."""
    if not isinstance(getattr(layer, "seed_generator", None), keras.random.SeedGenerator):
        return False
    rates = [getattr(layer, name) for name in _RATES if hasattr(layer, name)]
    return not rates or any(not isinstance(rate, (int, float)) or rate != 0 for rate in rates)
