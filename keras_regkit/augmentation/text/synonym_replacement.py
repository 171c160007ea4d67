"""Words in place of others of the same meaning."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._synonym_layer import SYNONYM_RANGES, SynonymAugmentation
from keras_regkit.augmentation.text._word_layer import uniform_numbers


@keras.saving.register_keras_serializable("keras_regkit")
class SynonymReplacement(SynonymAugmentation):
    """Replaces n random words of a text by synonyms.

        n = max(1, ⌊α l⌋) for l words, of those that have synonyms and are no stop words

    Use it on short texts, of which there are few: it changes the words and keeps the meaning. A synonym takes the case
    of its word (`big`, `Big`, `BIG`); everything else stays as it is. Words are looked up as they stand, then in small
    letters; they are not inflected. Where fewer words have synonyms, those are replaced.

    Args:
        thesaurus: A dict from words to lists of synonyms; a `NearestNeighbours`, or another function of a word that
            returns a list; or `"wordnet"`, for English, through nltk or wn, whichever is installed. Of all synsets of a
            word, as in the reference.
        rate: α, in [0, 1]: the share of the words; 0 for none. Defaults to 0.1, as in the reference.
        stop_words: Words that stay: a list, `"english"`, or None. Defaults to `"english"`, about the words that the
            reference leaves out.
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

    >>> SynonymReplacement({"quick": ["fast"]}, seed=1)("The Quick, brown fox")
    'The Fast, brown fox'
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
        numbers = uniform_numbers(random, 4 * sum(counts))
        for text, pieces, count in zip(texts, all_pieces, counts, strict=True):
            places = self.some_places(pieces, count, numbers)
            if places:
                pieces = list(pieces)
                for place in places:
                    choices = self.synonyms(pieces[place])
                    pieces[place] = choices[int(next(numbers) * len(choices))]
                text = "".join(pieces)
            new.append(text)
        return new
