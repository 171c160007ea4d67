"""Dropout with a rate that can move."""

import dataclasses
import numbers
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._noise import Noise
from keras_regkit.layers._survivors import survivors


@dataclasses.dataclass(frozen=True)
class NoiseShape:
    """A tuple or list of positive integers and Nones, or None."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a wrong number."""
        if value is None:
            return value
        if not isinstance(value, list | tuple) or not all(
            size is None or (isinstance(size, numbers.Integral) and not isinstance(size, bool)) for size in value
        ):
            raise TypeError(
                f"`{name}` must be a tuple with an entry per axis of the inputs: None to take its size, or 1 to share "
                f"the mask along it. Received: {value!r} of type {type(value).__name__}"
            )
        if any(size is not None and size < 1 for size in value):
            raise ValueError(f"The entries of `{name}` must be None, or 1 or more. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [
            *[(value, TypeError) for value in (3, True, "all", (None, 1.5), (None, True))],
            *[(value, ValueError) for value in ((None, 0), [-1])],
        ]


@keras.saving.register_keras_serializable("keras_regkit")
class Dropout(Noise):
    """Sets units to zero at random in training, at a rate that may move.

        y = x · m / (1 − rate),   m ~ Bernoulli(1 − rate)

    `keras.layers.Dropout` keeps its rate as a constant of the compiled step: changing it after the first `fit` does
    nothing. Here the rate is a weight. It takes a schedule, is set from outside by `callbacks.StrengthSchedule`, and is
    saved.

    Args:
        rate: Share of the units dropped, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object).
        noise_shape: Shape of the mask, broadcast to the inputs, None for an axis to be taken from them;
            `(None, 1, None)` drops the same features at all steps of a sequence. Defaults to None: every unit for
            itself.
        seed: Integer seed of the masks. Defaults to None.

    Call arguments:
        inputs: Tensor of any rank.
        training: Whether to drop anything. Otherwise the inputs pass through.

    Raises:
        TypeError, ValueError: the rate, or a value that its schedule passes through, is not in [0, 1); `noise_shape` is
            no tuple of sizes; when built, it does not fit the inputs.

    Reference:
        Srivastava et al. 2014, "Dropout: A Simple Way to Prevent Neural Networks from Overfitting", section 4, with the
        scaling in training instead of at inference.

    Example:

    >>> layer = Dropout(0.5, seed=1)
    >>> sorted({float(v) for v in np.ravel(layer(np.ones((4, 4)), training=True))})
    [0.0, 2.0]
    """

    RANGES: dict[str, Any] = {  # noqa: RUF012
        "rate": Interval(0, 1, closed="left"),
        "noise_shape": NoiseShape(),
    }

    def __init__(
        self,
        rate: StrengthLike,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed, **kwargs)
        self.RANGES["noise_shape"].check("noise_shape", noise_shape)
        self.noise_shape = noise_shape

    def build(self, input_shape):
        if self.noise_shape is not None and len(self.noise_shape) != len(input_shape):
            raise ValueError(
                f"`noise_shape` must have an entry for each of the {len(input_shape)} axes of the inputs, of shape "
                f"{tuple(input_shape)}. Received: {self.noise_shape!r}"
            )
        entries = zip(self.noise_shape or (), input_shape, strict=False)
        if any(entry not in (None, 1, size) for entry, size in entries if size is not None):
            raise ValueError(
                "`noise_shape` must have None, 1 or the size of the axis as its entries, for inputs of shape "
                f"{tuple(input_shape)}. Received: {self.noise_shape!r}"
            )
        self.built = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        return inputs * survivors(self._mask_shape(inputs), self._rate.advance(), self.seed_generator, inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "noise_shape": self.noise_shape}

    def _mask_shape(self, inputs):
        shape = ops.shape(inputs)
        if self.noise_shape is None:
            return shape
        return tuple(own if given is None else given for given, own in zip(self.noise_shape, shape, strict=True))
