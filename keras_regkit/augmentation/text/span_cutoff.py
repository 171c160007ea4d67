"""A part of a text left out."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.text._token_layer import MAYBE_ID, SHARED, TokenAugmentation, places


@keras.saving.register_keras_serializable("keras_regkit")
class SpanCutoff(TokenAugmentation):
    """Cuts a contiguous span out of each text: its tokens become padding, or another id.

        y_t = replacement_id for s ≤ t < s + ⌊rate · n⌋, else x_t,   s uniform

    Use it so that a model reads all of a text, and not one telling phrase. n counts the tokens that may be touched, and
    so does the span: it goes on behind a special token, which stays. Where ⌊rate · n⌋ is 0, nothing is cut. In the
    reference the vectors of the span are zeros; as padding they are, where the embedding masks them.

    Args:
        rate: Share of the tokens that are cut, in [0, 1]. Defaults to 0.1.
        replacement_id: Id that takes the place of the span, such as that of a mask; None for `pad_id`. Defaults to
            None.
        special_ids: List of ids that are never cut, such as those of start, end and separators. Defaults to none.
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
        Shen et al. 2020, A Simple but Tough-to-Beat Data Augmentation Approach for Natural Language Understanding and
        Generation, section 3.2, span cutoff.

    Example:

    >>> ids = np.array([[101, 5, 6, 7, 8, 102, 0]])
    >>> cut = SpanCutoff(0.5, replacement_id=1, special_ids=[101, 102], seed=1)(ids).numpy()[0]
    >>> int((cut == 1).sum()), int(np.ptp(np.flatnonzero(cut == 1)))
    (2, 1)
    """

    RANGES = {"rate": Interval(0, 1), "replacement_id": MAYBE_ID, **SHARED}  # noqa: RUF012
    own_draws = 1

    def __init__(self, rate: float = 0.1, replacement_id: int | None = None, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, replacement_id=replacement_id)
        self.check_ids(replacement_id=replacement_id)
        if replacement_id is None and self.pad_id is None:
            raise ValueError(
                "`pad_id` must be an id where `replacement_id` is None: it takes the place of the span. "
                "Received: pad_id=None"
            )
        self.rate = rate
        self.replacement_id = replacement_id

    def new_ids(self):
        return [self.pad_id if self.replacement_id is None else self.replacement_id]

    def transform(self, x, numbers, mask, ops):
        free = self.free(x, mask, ops)
        count = ops.sum(ops.cast(free, "float32"), axis=1, keepdims=True)
        # A little more, since 0.1 · 30 is below 3 in float32.
        length = ops.floor(self.rate * count + 1e-4)
        start = ops.minimum(ops.floor(numbers * (count - length + 1)), count - length)
        place = ops.cast(places(free, ops), "float32")
        cut = ops.logical_and(free, ops.logical_and(place >= start, place < start + length))
        return ops.where(cut, ops.cast(self.new_ids()[0], x.dtype), x)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "replacement_id": self.replacement_id}
