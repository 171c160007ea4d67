"""Words that are left out."""

from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._word_layer import WORD_RANGES, WordAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class RandomDeletion(WordAugmentation):
    """Leaves out each word of a text with a probability of its own.

        P(word is left out) = α

    Use it where no single word should decide. With a word goes one of the spaces around it; punctuation stays. One word
    is always left, a random one.

    In scripts without spaces each character counts as a word; give `segment` there.

    Args:
        rate: α, in [0, 1]. Defaults to 0.1, as in the reference.
        stop_words: Words that are never left out: a list, such as `["not"]`, `"english"`, or None for no such words, as
            in the reference. Defaults to None.
        segment: Function of a text that returns its words in order, such as `jieba.lcut`. Defaults to None: words by
            the rules of Unicode.
        probability: Share of the texts that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: A str, a list of str, an array of strings or objects, or a tensor of strings of TensorFlow; or a dict
            with one of them as `text`. The same form comes out.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or something is not a text.

    Reference:
        Wei & Zou 2019, EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks,
        section 2.

    Example:

    >>> RandomDeletion(1.0, stop_words=["not", "good"], seed=1)("Simply not that good, sadly.")
    'not good,.'
    """

    RANGES = {**WORD_RANGES, **PROBABILITY}  # noqa: RUF012

    def __init__(self, rate: float = 0.1, **kwargs: Any):
        super().__init__(rate=rate, **kwargs)
        check_arguments(self.RANGES, rate=rate, probability=self.probability)

    def change(self, texts, random):
        all_pieces = [self.pieces(text) for text in texts]
        all_places = [self.places(pieces) for pieces in all_pieces]
        sizes = np.array([len(places) for places in all_places], dtype=int)
        starts = np.cumsum(sizes) - sizes
        drawn = np.flatnonzero(random.random(int(sizes.sum())) < self.rate)
        owners = np.searchsorted(starts, drawn, side="right") - 1
        gone, new = [[] for _ in texts], list(texts)
        for owner, number in zip(owners.tolist(), (drawn - starts[owners]).tolist(), strict=True):
            gone[owner].append(all_places[owner][number])
        survivors = random.random(len(texts)).tolist()
        for index, places in enumerate(gone):
            if places:
                pieces = all_pieces[index]
                if len(places) == len(pieces) // 2:
                    del places[int(survivors[index] * len(places))]
                new[index] = without(pieces, places)
        return new


def without(pieces, places):
    """Returns a text without the words at `places`, and without one of the spaces around each.

    Args:
        pieces: Strings, as `split` returns it.
        places: Indices of words, in order.
    """
    pieces, first, last = list(pieces), 1, len(pieces) - 2
    for place in places:
        before, after = pieces[place - 1], pieces[place + 1]
        pieces[place - 1] = pieces[place] = ""
        at_start = place == first
        first += 2 * at_start
        pieces[place + 1] = " " if before == " " == after else _joined(before, after, at_start, place == last)
    return "".join(pieces)


_CLOSING = ".,;:!?…)]}»”’、。！？"
_OPENING = "([{«“‘¿¡"


def _joined(before, after, at_start, at_end):
    """Returns what is left between two words, when that which was between them goes."""
    if at_start:
        return before + after.lstrip()
    if not before[-1:].isspace():
        return before + (after.lstrip() if before[-1:] in _OPENING and before else after)
    if after[:1].isspace():
        # Of two spaces one stays: rather that which ends a line.
        return before + after.lstrip() if "\n" in before else before.rstrip() + after
    # What closes up to the word before it does so to the one before that; but two words are never joined.
    rest = after.lstrip(_CLOSING)
    closes = at_end if not rest else rest != after and rest[0].isspace()
    return before.rstrip() + after if closes else before + after
