"""Tokens that change places."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.text._token_layer import SHARED, TokenAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class TokenSwap(TokenAugmentation):
    """Swaps pairs of tokens that are near each other.

        y_s, y_t = x_t, x_s with probability rate,   t − s = d,   d uniform in 1, …, window

    Use it where the order of words tells little, as in most classification, and for noise as denoising autoencoders
    have it. Each text gets its own d, and its tokens are paired at that distance from a random start on, so that no
    token moves twice. Both must be free to move; at the ends of a text, some have no partner.

    Args:
        rate: Probability that a pair is swapped, in [0, 1]: about the share of tokens that move. Defaults to 0.1.
        window: Largest distance of a pair, at least 1. Distances count special tokens. Defaults to 3.
        special_ids: List of ids that never move, such as those of start, end and separators. Defaults to none.
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
        Wei and Zou 2019, EDA: Easy Data Augmentation Techniques, section 2, random swap, there over the whole text;
        Lample et al. 2018, Unsupervised Machine Translation Using Monolingual Corpora Only, section 2.3, for windows.

    Example:

    >>> ids = np.array([[101, 5, 6, 102]])
    >>> swap = TokenSwap(1.0, window=1, special_ids=[101, 102], seed=1)
    >>> sorted({tuple(swap(ids).numpy()[0].tolist()) for _ in range(20)})
    [(101, 5, 6, 102), (101, 6, 5, 102)]
    """

    RANGES = {"rate": Interval(0, 1), "window": Interval(1, integer=True), **SHARED}  # noqa: RUF012

    def __init__(self, rate: float = 0.1, window: int = 3, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, window=window)
        self.rate = rate
        self.window = window

    def draws_for(self, shape):
        # Distance, where pairs start, and one number for each pair, at its first token.
        return 2 + shape[0]

    def transform(self, x, numbers, mask, ops):
        steps = ops.shape(x)[1]
        place = ops.cast(ops.arange(0, steps, dtype="int32"), "float32")[None]
        distance = ops.floor(numbers[:, :1] * self.window) + 1
        start = ops.floor(numbers[:, 1:2] * 2 * distance)
        # Runs of d tokens: those of an even run meet those of the run behind it.
        run = ops.floor((place + start) / distance)
        is_first = run - 2 * ops.floor(run / 2) < 0.5
        partner = ops.where(is_first, place + distance, place - distance)
        exists = ops.logical_and(partner >= 0, partner < place[0, -1] + 0.5)
        partner = ops.cast(ops.where(exists, partner, place), "int32")
        free = ops.cast(self.free(x, mask, ops), "float32")
        # One gather tells both whether the partner is free and its number: 2 where it is not.
        number = ops.where(free > 0.5, numbers[:, 2:], 2.0)
        theirs = ops.take_along_axis(number, partner, axis=1)
        both = ops.logical_and(ops.logical_and(number < 1, theirs < 1), exists)
        swapped = ops.logical_and(both, ops.where(is_first, number, theirs) < self.rate)
        return ops.where(swapped, ops.take_along_axis(x, partner, axis=1), x)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "window": self.window}
