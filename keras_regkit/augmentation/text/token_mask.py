"""Tokens hidden as BERT hides them."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.text._token_layer import ID, SHARED, SIZE, TokenAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class TokenMask(TokenAugmentation):
    """Hides tokens as masked language models do: most behind a mask, some behind another token, some not at all.

        y_t = x_t with probability 1 − rate; else mask_id with m, a random id with r, x_t with 1 − m − r

    Use it on texts for a model that was trained so before, or to train against noise in the ids. Random ids are drawn
    alike from all but `mask_id`, `pad_id` and `special_ids`.

    Args:
        mask_id: Id of the mask.
        vocabulary_size: Number of ids, at least 2.
        rate: Probability that a token is chosen, in [0, 1]. Defaults to 0.15.
        mask_token_rate: m, the share of chosen tokens that become the mask, in [0, 1]. Defaults to 0.8.
        random_token_rate: r, the share of chosen tokens that become random ones, in [0, 1 − m]. Defaults to 0.1.
        special_ids: List of ids that are never chosen, such as those of start, end and separators. Defaults to none.
        pad_id: Id of padding, which is never touched, or None where a mask or `lengths` tells of it. Defaults to 0.
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
        Devlin et al. 2019, BERT: Pre-training of Deep Bidirectional Transformers, section 3.1. There random ids may be
        special ones too.

    Example:

    >>> ids = np.array([[101, 7, 8, 9, 102, 0]])
    >>> hide = TokenMask(103, 200, rate=1.0, mask_token_rate=1.0, random_token_rate=0.0, special_ids=[101, 102])
    >>> hide(ids).numpy().tolist()
    [[101, 103, 103, 103, 102, 0]]
    """

    RANGES = {  # noqa: RUF012
        "mask_id": ID,
        "rate": Interval(0, 1),
        "mask_token_rate": Interval(0, 1),
        "random_token_rate": Interval(0, 1),
        **SHARED,
        "vocabulary_size": Interval(SIZE.low, SIZE.high, integer=True),
    }

    def __init__(
        self,
        mask_id: int,
        vocabulary_size: int,
        rate: float = 0.15,
        mask_token_rate: float = 0.8,
        random_token_rate: float = 0.1,
        **kwargs: Any,
    ):
        check_arguments(
            self.RANGES,
            mask_id=mask_id,
            vocabulary_size=vocabulary_size,
            rate=rate,
            mask_token_rate=mask_token_rate,
            random_token_rate=random_token_rate,
        )
        super().__init__(vocabulary_size=vocabulary_size, **kwargs)
        self.check_ids(mask_id=mask_id)
        if mask_token_rate + random_token_rate > 1 + 1e-9:
            raise ValueError(
                "`mask_token_rate` and `random_token_rate` must not be more than 1 together. "
                f"Received: {mask_token_rate!r} and {random_token_rate!r}"
            )
        self.mask_id = mask_id
        self.rate = rate
        self.mask_token_rate = mask_token_rate
        self.random_token_rate = random_token_rate
        if random_token_rate and len(self._reserved()) >= vocabulary_size:
            raise ValueError(
                "`vocabulary_size` must leave ids to put in, besides `mask_id`, `pad_id` and `special_ids`. "
                f"Received: vocabulary_size={vocabulary_size}, of which {len(self._reserved())} are taken"
            )

    def draws_for(self, shape):
        return 2 * shape[0]

    def new_ids(self):
        return [self.mask_id, *([self.vocabulary_size - 1] if self.random_token_rate else [])]

    def transform(self, x, numbers, mask, ops):
        chosen, other = numbers[:, : ops.shape(x)[1]], numbers[:, ops.shape(x)[1] :]
        touched = ops.logical_and(self.free(x, mask, ops), chosen < self.rate)
        hidden, changed = self.rate * self.mask_token_rate, self.rate * (self.mask_token_rate + self.random_token_rate)
        new = ops.where(chosen < changed, self._random_ids(other, x.dtype, ops), x)
        new = ops.where(chosen < hidden, ops.cast(self.mask_id, x.dtype), new)
        return ops.where(touched, new, x)

    def get_config(self):
        own = ("mask_id", "rate", "mask_token_rate", "random_token_rate")
        return {**super().get_config(), **{name: getattr(self, name) for name in own}}

    def _reserved(self):
        """Returns the ids that are no random ones, in order."""
        pads = () if self.pad_id is None else (self.pad_id,)
        return sorted({self.mask_id, *pads, *self.special_ids})

    def _random_ids(self, numbers, dtype, ops):
        reserved = self._reserved()
        count = max(self.vocabulary_size - len(reserved), 1)
        ids = ops.cast(ops.minimum(ops.floor(numbers * count), count - 1), "int32")
        # Numbers among the ids that may be put in become ids: each reserved one moves those from it on by one.
        for reserved_id in reserved:
            ids = ids + ops.cast(ids >= reserved_id, "int32")
        return ops.cast(ids, dtype)
