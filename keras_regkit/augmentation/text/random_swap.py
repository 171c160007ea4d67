"""Words that change places."""

from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._word_layer import WORD_RANGES, WordAugmentation, uniform_numbers


@keras.saving.register_keras_serializable("keras_regkit")
class RandomSwap(WordAugmentation):
    """Swaps two random words of a text, n times.

        n = max(1, ⌊α l⌋) for l words

    Use it on classes that hang on which words there are, more than on their order: topics, sentiment. Each word keeps
    its case, and what is between words stays in its place. A text of one word stays as it is.

    In scripts without spaces each character counts as a word; give `segment` there.

    Args:
        rate: α, in [0, 1]: swaps as a share of the words; 0 for none. Defaults to 0.1, as in the reference.
        stop_words: Words that stay where they are: a list, `"english"`, or None for no such words, as in the reference.
            Defaults to None.
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

    >>> RandomSwap(0.1, seed=1)("Time flies, alas!") in ("flies Time, alas!", "Time alas, flies!", "alas flies, Time!")
    True
    """

    RANGES = {**WORD_RANGES, **PROBABILITY}  # noqa: RUF012

    def __init__(self, rate: float = 0.1, **kwargs: Any):
        super().__init__(rate=rate, **kwargs)
        check_arguments(self.RANGES, rate=rate, probability=self.probability)

    def change(self, texts, random):
        all_pieces, new = [self.pieces(text) for text in texts], []
        counts = [self.how_many(len(pieces) // 2) for pieces in all_pieces]
        numbers = uniform_numbers(random, 2 * sum(counts))
        for text, pieces, count in zip(texts, all_pieces, counts, strict=True):
            places = self.places(pieces)
            new.append(swapped(pieces, places, count, numbers) if count and len(places) > 1 else text)
        return new


def swapped(pieces, places, count, numbers):
    """Returns a text after some swaps, each of two different places.

    Args:
        pieces: Strings.
        places: Indices of the pieces that may be swapped, at least two.
        count: How many swaps.
        numbers: Iterator of uniform numbers in [0, 1); two are taken for each swap.
    """
    pieces, size = list(pieces), len(places)
    for _ in range(count):
        first, second = int(next(numbers) * size), int(next(numbers) * (size - 1))
        a, b = places[first], places[second + (second >= first)]
        pieces[a], pieces[b] = pieces[b], pieces[a]
    return "".join(pieces)
