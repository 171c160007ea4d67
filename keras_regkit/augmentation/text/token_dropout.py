"""Tokens left out."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.text._token_layer import MAYBE_ID, SHARED, TokenAugmentation, places


@keras.saving.register_keras_serializable("keras_regkit")
class TokenDropout(TokenAugmentation):
    """Puts another id in the place of tokens, or deletes them and closes the gap.

        y_t = replacement_id with probability rate, else x_t

    Use it so that a model does not hang on single words. With the id of the unknown word the text keeps its length, and
    that word's vector is learned; deletion changes positions too. When all tokens of a text would be deleted, one of
    them stays. `layers.WordDropout` is the same replacement at a strength that can move, without masks and deletion.

    Args:
        rate: Probability that a token is dropped, in [0, 1]. Defaults to 0.1.
        replacement_id: Id that takes the place of dropped tokens: of the unknown word, of a mask, or `pad_id`. None
            deletes them: what follows moves to the left, special tokens too, and the end of the text is filled up with
            `pad_id`. Lengths and masks that came along are not shortened. Defaults to None.
        special_ids: List of ids that are never dropped, such as those of start, end and separators. Defaults to none.
        pad_id: Id of padding, which is never touched, or None where a mask or `lengths` tells of it. Defaults to 0.
        vocabulary_size: Number of ids; larger ones are refused. Defaults to None, for any.
        probability: Share of the texts that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Ids `(batch, steps)` or `(steps,)` of an integer dtype, which is kept, or a dict with `token_ids`;
            further keys pass through. Padding, by `pad_id`, a mask, or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range; ids are no integers, or not in the vocabulary (this is
            seen outside of compiled steps alone).

    Reference:
        Iyyer et al. 2015, Deep Unordered Composition Rivals Syntactic Methods for Text Classification, section 3.1, for
        deletion; Bowman et al. 2016, Generating Sentences from a Continuous Space, section 3.1, for replacement.

    Example:

    >>> ids = np.array([[101, 7, 8, 9, 102, 0]])
    >>> TokenDropout(1.0, replacement_id=1, special_ids=[101, 102])(ids).numpy().tolist()
    [[101, 1, 1, 1, 102, 0]]
    """

    RANGES = {"rate": Interval(0, 1), "replacement_id": MAYBE_ID, **SHARED}  # noqa: RUF012

    def __init__(self, rate: float = 0.1, replacement_id: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, replacement_id=replacement_id)
        self.check_ids(replacement_id=replacement_id)
        if replacement_id is None and self.pad_id is None:
            raise ValueError(
                "`pad_id` must be an id where `replacement_id` is None: it fills the place of deleted tokens. "
                "Received: pad_id=None"
            )
        self.rate = rate
        self.replacement_id = replacement_id

    def draws_for(self, shape):
        return shape[0]

    def new_ids(self):
        return [self.pad_id if self.replacement_id is None else self.replacement_id]

    def transform(self, x, numbers, mask, ops):
        free = self.free(x, mask, ops)
        dropped = ops.logical_and(free, numbers < self.rate)
        if self.replacement_id is not None:
            return ops.where(dropped, ops.cast(self.replacement_id, x.dtype), x)
        # The largest number is below the rate only where all are: that token stays.
        largest = ops.max(ops.where(free, numbers, -1.0), axis=1, keepdims=True)
        dropped = ops.logical_and(dropped, numbers < largest)
        return without(x, dropped, self.tokens(x, mask, ops), self.pad_id, ops)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "replacement_id": self.replacement_id}


def without(x, dropped, tokens, pad_id, ops):
    """Returns texts without some of their tokens: the others move up, and the end is filled with padding.

    Args:
        x: Ids `(batch, steps)`.
        dropped: Boolean, which to leave out.
        tokens: Boolean, what is no padding. What is stays in its place, wherever that is.
        pad_id: What the end is filled with.
        ops: The functions to compute with.
    """
    steps = ops.shape(x)[1]
    kept = ops.logical_and(tokens, ops.logical_not(dropped))
    place = ops.arange(0, steps, dtype="int32")[None]
    # First what is kept, in order, then the rest.
    order = ops.argsort(ops.where(kept, place, place + steps), axis=-1)
    rank = ops.where(tokens, places(tokens, ops), 0)
    moved = ops.take_along_axis(ops.take_along_axis(x, order, axis=1), rank, axis=1)
    count = ops.sum(ops.cast(kept, "int32"), axis=1, keepdims=True)
    return ops.where(tokens, ops.where(rank < count, moved, ops.cast(pad_id, x.dtype)), x)
