"""L2-SP: a pull towards the weights that fine-tuning started from."""

import copy
import functools
from typing import Any

import keras
from keras import ops

from keras_regkit._core.arrays import encode_array, expect_shape, read_array
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.regularizers._numeric import in_float32, prox_in_float32


def distance(x, reference):
    """½ ‖x − reference‖²."""
    return ops.sum(ops.square(x - reference)) / 2


@keras.saving.register_keras_serializable("keras_regkit")
class L2SP(keras.regularizers.Regularizer):
    """Pulls a weight towards where it started, instead of towards zero.

    Use it to fine-tune a pretrained model on little data: the weights move where the data ask for it, and keep what
    they knew elsewhere. New layers, which start from nothing, get a plain L2. Each weight has a starting point of its
    own, so it needs a regularizer of its own.

        R(w) = α/2 ‖w − w⁰‖²

    The starting point is copied, and travels in the `.keras` file: within the config, as text, about 5 bytes a weight.
    With the weights themselves, of 4 bytes, and what the optimizer keeps, that makes a file of 9 to 17 bytes a weight:
    20 to 40 MB for 2.3 million weights.

    Args:
        strength: α, in [0, ∞).
        reference: w⁰, the starting point: an array, a tensor or a variable, of the shape of the weight; or what
            `get_config` gives for it.

    Call arguments:
        x: Weight of the shape of the reference.

    Raises:
        TypeError: the reference is not an array of numbers.
        ValueError: the reference holds NaN or inf; when called, a weight has another shape.

    Reference:
        Li et al. 2018, "Explicit Inductive Bias for Transfer Learning with Convolutional Networks", eq. 2.

    Example:

    >>> regularizer = L2SP(0.1, reference=[[1.0, 2.0], [3.0, 4.0]])
    >>> round(float(regularizer([[2.0, 3.0], [3.0, 4.0]])), 4)
    0.1

    A regularizer of its own for the kernel of a layer that is built:

    >>> layer = keras.layers.Dense(2)
    >>> layer.build((None, 3))
    >>> layer.kernel.regularizer = L2SP(0.1, reference=layer.kernel)
    """

    RANGES = {"strength": Interval(0)}  # noqa: RUF012

    def __init__(self, strength: float, reference: Any):
        check_arguments(self.RANGES, strength=strength)
        self.strength = strength
        self.reference = read_array("reference", reference)

    def __call__(self, x):
        x = in_float32(x)
        expect_shape("reference", self.reference, x)
        return self.strength * distance(x, ops.convert_to_tensor(self.reference, x.dtype))

    def prox(self, x, step):
        """Returns argmin_u ½‖u − x‖² + step·R(u) = (x + step·α·w⁰) / (1 + step·α).

        Args:
            x: Weight of the shape of the reference.
            step: Scalar, or array of the shape of `x`.
        """

        def pull(x, step):
            expect_shape("reference", self.reference, x)
            pull = step * self.strength
            return (x + pull * ops.convert_to_tensor(self.reference, x.dtype)) / (1 + pull)

        return prox_in_float32(pull, x, step)

    @functools.cached_property
    def _encoded(self):
        return encode_array(self.reference)

    def get_config(self):
        return {"strength": self.strength, "reference": copy.deepcopy(self._encoded)}
