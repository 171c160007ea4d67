"""Synonyms put in at random places."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._segmentation import is_unspaced, keeps_apart
from keras_regkit.augmentation.text._synonym_layer import SYNONYM_RANGES, SynonymAugmentation
from keras_regkit.augmentation.text._word_layer import uniform_numbers


@keras.saving.register_keras_serializable("keras_regkit")
class RandomInsertion(SynonymAugmentation):
    """Puts a synonym of a random word at a random place of its text, n times.

        n = max(1, ⌊α l⌋) for l words; the words are drawn from those that have synonyms and are no stop words

    Use it beside `SynonymReplacement`: no word is lost. What is put in is set off by a space, but in scripts that have
    none; it stands as the thesaurus has it, or in capitals if its word does.

    Args:
        thesaurus: A dict from words to lists of synonyms; a `NearestNeighbours`, or another function of a word that
            returns a list; or `"wordnet"`, for English, through nltk or wn, whichever is installed.
        rate: α, in [0, 1]: insertions as a share of the words; 0 for none. Defaults to 0.1, as in the reference.
        stop_words: Words whose synonyms are not put in: a list, `"english"`, or None. Defaults to `"english"`.
        segment: Function of a text that returns its words in order, such as `jieba.lcut`. Defaults to None: words by
            the rules of Unicode, in scripts without spaces single characters. Phrases of the thesaurus, such as "New
            York", are found only where it returns them as words.
        probability: Share of the texts that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: A str, a list of str, an array of strings or objects, or a tensor of strings of TensorFlow; or a dict
            with one of them as `text`. The same form comes out.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or something is not a text.
        ImportError, LookupError: when called with `"wordnet"`, and no library or no data of it is there.

    Reference:
        Wei & Zou 2019, EDA: Easy Data Augmentation Techniques for Boosting Performance on Text Classification Tasks,
        section 2.

    Example:

    >>> RandomInsertion({"quick": ["fast"]}, seed=1)("Quick!") in ("fast Quick!", "Quick fast!")
    True
    """

    RANGES = {**SYNONYM_RANGES, **PROBABILITY}  # noqa: RUF012

    def __init__(
        self,
        thesaurus: str | Mapping[str, Sequence[str]] | Callable[[str], Sequence[str]],
        rate: float = 0.1,
        stop_words: str | Sequence[str] | None = "english",
        **kwargs: Any,
    ):
        super().__init__(thesaurus, rate=rate, stop_words=stop_words, **kwargs)
        check_arguments(self.RANGES, thesaurus=thesaurus, rate=rate, probability=self.probability)

    def change(self, texts, random):
        all_pieces, new = self.pieces_of(texts), []
        counts = [self.how_many(len(pieces) // 2) for pieces in all_pieces]
        numbers = uniform_numbers(random, 5 * sum(counts))
        for text, pieces, count in zip(texts, all_pieces, counts, strict=True):
            # The words are drawn anew each time, so that one may serve twice.
            drawn = [place for _ in range(count) for place in self.some_places(pieces, 1, numbers)]
            if drawn:
                slots = 1 + len(pieces) // 2
                text = with_words(
                    pieces, [(self._synonym(pieces[p], numbers), int(next(numbers) * slots)) for p in drawn]
                )
            new.append(text)
        return new

    def _synonym(self, word, numbers):
        # "Quick" begins its sentence; what comes of it may stand anywhere.
        choices = self.synonyms(word if word.isupper() else word.lower()) or self.synonyms(word)
        return choices[int(next(numbers) * len(choices))]


def with_words(pieces, slots):
    """Returns a text with words put in.

    Args:
        pieces: Strings, as `split` returns it, of at least one word.
        slots: Pairs of a new word and the number of the word that it comes before; behind the last for one more.
    """
    pieces, last = list(pieces), len(pieces) - 2
    for new, slot in slots:
        place = 2 * slot + 1
        if place > last:
            pieces[last] += _space(pieces[last], new) + new
            continue
        before = pieces[place - 2][-1:] if slot and not pieces[place - 1] else ""
        # Where no gap is, there may be none to be: 猫 before 狗.
        front = "" if not before or keeps_apart(before, new[0]) else " "
        pieces[place] = front + new + _space(new, pieces[place]) + pieces[place]
    return "".join(pieces)


def _space(left, right):
    """Returns what comes between two words."""
    return "" if is_unspaced(left[-1]) and is_unspaced(right[0]) else " "
