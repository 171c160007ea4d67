"""Replacing words by the unknown one."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import keras
from keras import ops

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import StrengthLike
from keras_regkit.layers._noise import Noise


@dataclasses.dataclass(frozen=True)
class TokenIds:
    """A tuple or list of token ids, which may be empty."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` for a wrong kind, `ValueError` for a negative id."""
        if not isinstance(value, list | tuple) or not all(
            isinstance(i, int) and not isinstance(i, bool) for i in value
        ):
            raise TypeError(
                f"`{name}` must be a tuple or list of integer token ids. "
                f"Received: {value!r} of type {type(value).__name__}"
            )
        if any(token < 0 for token in value):
            raise ValueError(f"`{name}` must hold token ids, 0 or more. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(0, TypeError), (None, TypeError), ((True,), TypeError), ((0.5,), TypeError), ((0, -1), ValueError)]


@keras.saving.register_keras_serializable("keras_regkit")
class WordDropout(Noise):
    """Replaces single tokens of a text by another one, such as the unknown word, in training.

        y_t = replacement with probability rate, else x_t;   protected tokens stay

    Use it before the embedding: the model must read from context, and the vector of the unknown word is trained, which
    it otherwise hardly is. Nothing is scaled.

    Args:
        rate: Share of the tokens replaced, in [0, 1): a number, or a schedule over training steps (of
            `keras_regkit.strengths`, or any `keras.optimizers.schedules` object).
        replacement: Token id to put in: that of the unknown word, or of a mask. Defaults to 1, where
            `keras.layers.TextVectorization` has the unknown word.
        protected: Token ids that are never replaced: padding, start and end. Defaults to `(0,)`, the padding.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Token ids of any shape, integers or floats that hold integers.
        training: Whether to replace anything. Otherwise the inputs pass through.

    Returns:
        Token ids of the same shape and dtype.

    Raises:
        TypeError, ValueError: an argument is out of its range.

    Reference:
        Iyyer et al. 2015, "Deep Unordered Composition Rivals Syntactic Methods for Text Classification", section 3.1;
        Bowman et al. 2016, "Generating Sentences from a Continuous Space", section 3.1, with the unknown word put in.

    Example:

    >>> layer = WordDropout(0.5, replacement=1, seed=4)
    >>> tokens = np.array([[5, 6, 7, 8, 9, 0, 0]])
    >>> y = np.array(layer(tokens, training=True))
    >>> sorted(set(y.ravel().tolist()) - set(tokens.ravel().tolist())), y[0, -2:].tolist()
    ([1], [0, 0])
    """

    RANGES = {  # noqa: RUF012
        "rate": Interval(0, 1, closed="left"),
        "replacement": Interval(0, integer=True),
        "protected": TokenIds(),
    }

    def __init__(
        self,
        rate: StrengthLike,
        replacement: int = 1,
        protected: Sequence[int] = (0,),
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate, seed, **kwargs)
        check_arguments(self.RANGES, replacement=replacement, protected=protected)
        self.replacement = replacement
        self.protected = protected
        self.autocast = False  # token ids that are floats would lose digits
        self.built = True

    def call(self, inputs, training=False):
        if not training:
            return inputs
        noise = keras.random.uniform(ops.shape(inputs), seed=self.seed_generator, dtype="float32")
        replaced = noise < self._rate.advance()
        for token in self.protected:
            replaced = ops.logical_and(replaced, ops.not_equal(inputs, token))
        return ops.where(replaced, ops.cast(self.replacement, inputs.dtype), inputs)

    def compute_output_spec(self, inputs, training=False):
        # Token ids keep their dtype, which is not the layer's.
        return keras.KerasTensor(inputs.shape, dtype=inputs.dtype)

    def get_config(self):
        return {**super().get_config(), "replacement": self.replacement, "protected": self.protected}
