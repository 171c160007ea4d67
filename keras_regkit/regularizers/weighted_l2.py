"""L2 with an importance for every single weight."""

import copy
import functools
from typing import Any

import keras
from keras import ops

from keras_regkit._core.arrays import encode_array, expect_shape, read_array
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import in_float32, prox_in_float32


def weighted_distance(x, importance, reference):
    """½ Σ importance · (x − reference)²."""
    return ops.sum(importance * ops.square(x - reference)) / 2


@keras.saving.register_keras_serializable("keras_regkit")
class WeightedL2(keras.regularizers.Regularizer):
    """Penalizes each weight by an importance of its own, around zero or around a reference.

    Use it where not all weights shall be penalized equally. With the Fisher information of an earlier task as
    importance and its weights as reference this is elastic weight consolidation (EWC), which keeps a model from
    forgetting that task; `fisher_information` computes the importances.

        R(w) = λ/2 Σ_i F_i (w_i − w⁰_i)²

    Importances and reference are copied, and travel in the `.keras` file: within the config, as text, about 5 bytes a
    number. With both, the weights themselves, of 4 bytes, and what the optimizer keeps, that makes a file of 14 to 22
    bytes a weight: 30 to 50 MB for 2.3 million weights.

    Args:
        strength: λ, in [0, ∞).
        importance: F, an array of the shape of the weight, of numbers in [0, ∞); or what `get_config` gives for it.
        reference: w⁰, an array, tensor or variable of the shape of the weight; or what `get_config` gives for it.
            Defaults to None, for zeros.

    Call arguments:
        x: Weight of the shape of the importance.

    Raises:
        TypeError: importance or reference is not an array of numbers.
        ValueError: an importance is negative, NaN or inf; when called, a weight has another shape.

    Reference:
        Kirkpatrick et al. 2017, "Overcoming Catastrophic Forgetting in Neural Networks", eq. 3.

    Example:

    >>> regularizer = WeightedL2(0.1, importance=[0.0, 1.0, 2.0])
    >>> round(float(regularizer([9.0, 2.0, 2.0])), 4)
    0.6
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float, importance: Any, reference: Any = None):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength
        self.importance = read_array("importance", importance)
        self.reference = None if reference is None else read_array("reference", reference)
        if (self.importance < 0).any():
            raise ValueError(
                "`importance` must be in [0, inf) for every weight. Received: an array with minimum "
                f"{self.importance.min():g}"
            )
        if reference is not None:
            expect_shape("reference", self.reference, self.importance)

    def __call__(self, x):
        x = in_float32(x)
        expect_shape("importance", self.importance, x)
        importance = ops.convert_to_tensor(self.importance, x.dtype)
        return self.strength * weighted_distance(x, importance, self._center(x))

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u) = (x + step·λ·F·w⁰) / (1 + step·λ·F).

        Args:
            x: Weight of the shape of the importance.
            step: Scalar, or array of the shape of `x`.
        """

        def pull(x, step):
            expect_shape("importance", self.importance, x)
            pull = step * self.strength * ops.convert_to_tensor(self.importance, x.dtype)
            return (x + pull * self._center(x)) / (1 + pull)

        return prox_in_float32(pull, x, step)

    def _center(self, x):
        return ops.zeros_like(x) if self.reference is None else ops.convert_to_tensor(self.reference, x.dtype)

    @functools.cached_property
    def _encoded(self):
        return {
            "importance": encode_array(self.importance),
            "reference": None if self.reference is None else encode_array(self.reference),
        }

    def get_config(self):
        return {"strength": self.strength, **copy.deepcopy(self._encoded)}
