"""What the layers for ids of tokens share: which tokens they may touch, and which ids there are."""

import numbers
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.backend import is_known
from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._namespace import is_foreign
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation._sample_layer import PROBABILITY, SampleAugmentation


class TokenIds:
    """What `special_ids` may be: a list of ids of tokens, none below 0."""

    def check(self, name, value):
        """Returns the ids; raises `TypeError` for a wrong kind, `ValueError` for a negative id."""
        whole = isinstance(value, list | tuple) and all(
            isinstance(i, numbers.Integral) and not isinstance(i, bool) for i in value
        )
        if not whole:
            raise TypeError(f"`{name}` must be a list of integer ids of tokens. Received: {value!r}")
        if any(i < 0 for i in value):
            raise ValueError(f"`{name}` must hold ids of tokens, 0 or more. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(None, TypeError), (101, TypeError), ([True], TypeError), ([0.5], TypeError), ([2, -1], ValueError)]


ID = Interval(0, integer=True)
MAYBE_ID = Interval(0, integer=True, optional=True)
# Above, float32 numbers no longer tell ids apart.
SIZE = Interval(2, 2**24, integer=True, optional=True)
SHARED = {"special_ids": TokenIds(), "pad_id": MAYBE_ID, "vocabulary_size": SIZE, **PROBABILITY}


class TokenAugmentation(SampleAugmentation):
    """A layer for ids of tokens `(batch, steps)`, or one text `(steps,)`. Special tokens and padding are left alone.

    Args:
        special_ids: Ids that are never touched, such as those of start, end and separators.
        pad_id: Id of padding, or None where only a mask tells of it.
        vocabulary_size: Number of ids, so that larger ones are refused; None for any number.
    """

    key = "token_ids"
    ranks = (1,)
    shapes = "(batch, steps), or (steps,) for one text"
    kinds = ("int",)
    computes_in = None

    def __init__(
        self, special_ids: Sequence[int] = (), pad_id: int | None = 0, vocabulary_size: int | None = None, **kwargs: Any
    ):
        super().__init__(**kwargs)
        check_arguments(SHARED, special_ids=special_ids, pad_id=pad_id, vocabulary_size=vocabulary_size)
        self.special_ids = special_ids
        self.pad_id = pad_id
        self.vocabulary_size = vocabulary_size
        self.check_ids(special_ids=special_ids, pad_id=pad_id)

    def check_ids(self, **ids):
        """Raises `ValueError` where an argument holds an id that is not in the vocabulary."""
        size = self.vocabulary_size
        for name, value in ids.items() if size is not None else ():
            held = value if isinstance(value, list | tuple) else [] if value is None else [value]
            if any(i >= size for i in held):
                raise ValueError(
                    f"`{name}` must be within the vocabulary, below vocabulary_size={size}. Received: {value!r}"
                )

    def free(self, x, mask, ops):
        """Returns where the tokens are that may be touched: neither special ones nor padding."""
        tokens = self.tokens(x, mask, ops)
        for i in self.special_ids:
            if i <= largest_of(x):
                tokens = ops.logical_and(tokens, ops.logical_not(ops.equal(x, i)))
        return tokens

    def tokens(self, x, mask, ops):
        """Returns where there is no padding."""
        tokens = ops.equal(x, x) if mask is None else mask
        if self.pad_id is None or self.pad_id > largest_of(x):
            return tokens
        return ops.logical_and(tokens, ops.logical_not(ops.equal(x, self.pad_id)))

    def new_ids(self):
        """Returns ids that the layer may put in: the largest one is among them."""
        return []

    def check_batch(self, x):
        largest = max(self.new_ids(), default=0)
        if largest > largest_of(x):
            raise ValueError(
                f"Layer {self.name!r} puts in ids up to {largest}, which the dtype of the ids must hold. Received: "
                f"{keras.backend.standardize_dtype(x.dtype)}. Cast them before, to int32"
            )
        if is_foreign(x) or not is_known(x):
            return
        ids = keras.ops.convert_to_numpy(x)
        low, high = int(ids.min()), int(ids.max())
        size = self.vocabulary_size
        if low < 0 or (size is not None and high >= size):
            legal = "0 or more" if size is None else f"from 0 to {size - 1}, since vocabulary_size={size}"
            raise ValueError(f"Layer {self.name!r} takes ids of tokens, {legal}. Received: ids from {low} to {high}")

    def get_config(self):
        shared = {name: plain(getattr(self, name)) for name in ("special_ids", "pad_id", "vocabulary_size")}
        return {**super().get_config(), **shared}


def largest_of(x):
    """Returns the largest id that tensors of this dtype hold: larger ones would come out as others."""
    return np.iinfo(keras.backend.standardize_dtype(x.dtype)).max


def places(chosen, ops):
    """Returns for each token its number among the chosen ones, from 0: that of the last one where it is none itself."""
    return ops.cumsum(ops.cast(chosen, "int32"), axis=1) - 1
