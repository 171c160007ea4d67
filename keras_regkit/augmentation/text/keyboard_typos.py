"""Keys beside the right ones."""

from collections.abc import Mapping, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._keyboards import Layouts, neighbours
from keras_regkit.augmentation.text._segmentation import is_mark
from keras_regkit.augmentation.text._word_layer import WORD_RANGES, WordAugmentation, uniform_numbers


@keras.saving.register_keras_serializable("keras_regkit")
class KeyboardTypos(WordAugmentation):
    """Replaces letters of some words by those of neighbouring keys.

        n = max(1, ⌊α l⌋) for l words, of those long enough; in each, c ↦ a key that touches that of c

    Use it where people will type in what the model reads. Capitals stay capitals; letters that are not on the keyboard,
    or carry a combining mark, stay.

    Args:
        rate: α, in [0, 1]: the share of the words with typos; 0 for none. Defaults to 0.1.
        typos: Letters that are replaced in each of them, at least 1, or as many as it has. Defaults to 1.
        layout: `"qwerty"`, `"qwertz"`, `"azerty"`, or a dict from characters to strings of their neighbours, such as
            `{"a": "qsw"}`; capitals go along. Defaults to `"qwerty"`.
        min_length: Characters that a word must have, at least 1. Defaults to 4, as in nlpaug: shorter ones turn into
            other words.
        stop_words: Words that stay: a list, `"english"`, or None for no such words. Defaults to None.
        segment: Function of a text that returns its words in order. Defaults to None: words by the rules of Unicode.
        probability: Share of the texts that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: A str, a list of str, an array of strings or objects, or a tensor of strings of TensorFlow; or a dict
            with one of them as `text`. The same form comes out.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or something is not a text.

    Reference:
        Belinkov & Bisk 2018, Synthetic and Natural Noise Both Break Neural Machine Translation, section 3.1.2, "Key".

    Example:

    >>> KeyboardTypos(layout={"k": "j"}, seed=1)("Good luck!")
    'Good lucj!'
    """

    RANGES = {  # noqa: RUF012
        "typos": Interval(1, closed="left", integer=True),
        "layout": Layouts(),
        "min_length": Interval(1, closed="left", integer=True),
        **WORD_RANGES,
        **PROBABILITY,
    }

    def __init__(
        self,
        rate: float = 0.1,
        typos: int = 1,
        layout: str | Mapping[str, str | Sequence[str]] = "qwerty",
        min_length: int = 4,
        **kwargs: Any,
    ):
        super().__init__(rate=rate, **kwargs)
        check_arguments(self.RANGES, typos=typos, layout=layout, min_length=min_length)
        self.typos = typos
        self.min_length = min_length
        # As an attribute, Keras would make another dict of it.
        self._keys = Keys(layout)

    @property
    def layout(self):
        """The layout as it was given."""
        return self._keys.layout

    def may_change(self, word):
        return len(word) >= self.min_length and self._keys.has(word)

    def change(self, texts, random):
        all_pieces, new = [self.pieces(text) for text in texts], []
        counts = [self.how_many(len(pieces) // 2) for pieces in all_pieces]
        numbers = uniform_numbers(random, (2 + 2 * self.typos) * sum(counts))
        for text, pieces, count in zip(texts, all_pieces, counts, strict=True):
            places = self.some_places(pieces, count, numbers)
            if places:
                pieces = list(pieces)
                for place in places:
                    pieces[place] = self._keys.mistyped(pieces[place], self.typos, numbers)
                text = "".join(pieces)
            new.append(text)
        return new

    def get_config(self):
        return {**super().get_config(), "typos": self.typos, "layout": self.layout, "min_length": self.min_length}


class Keys:
    """A keyboard.

    Args:
        layout: Name, or a dict from a character to its neighbours.
    """

    def __init__(self, layout):
        self.layout = layout
        self._neighbours = neighbours(layout)

    def has(self, word):
        """Whether any letter of a word can be mistyped."""
        return (word[0] in self._neighbours and word.isascii()) or bool(self._letters(word))

    def mistyped(self, word, typos, numbers):
        """Returns a word with other letters.

        Args:
            word: The word.
            typos: How many letters are replaced, or as many as can be.
            numbers: Iterator of uniform numbers in [0, 1); two are taken for each letter.
        """
        letters, places = list(word), self._letters(word)
        for _ in range(min(typos, len(places))):
            place = places.pop(int(next(numbers) * len(places)))
            others = self._neighbours[letters[place]]
            letters[place] = others[int(next(numbers) * len(others))]
        return "".join(letters)

    def _letters(self, word):
        known = self._neighbours
        if word.isascii():
            return [i for i, letter in enumerate(word) if letter in known]
        # A letter with a mark is another letter, which may be nowhere on the keyboard.
        return [i for i, letter in enumerate(word) if letter in known and not is_mark(word[i + 1 : i + 2])]
