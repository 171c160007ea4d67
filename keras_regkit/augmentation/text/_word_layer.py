"""What the layers share that change some words of a text."""

from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation.text._functions import OptionalFunction
from keras_regkit.augmentation.text._segmentation import Remembered, split
from keras_regkit.augmentation.text._stop_words import StopWords, words_of
from keras_regkit.augmentation.text._string_layer import StringAugmentation

WORD_RANGES = {"rate": Interval(0, 1), "stop_words": StopWords(), "segment": OptionalFunction("of a text")}


class WordAugmentation(StringAugmentation):
    """A layer that changes some words of a text, and leaves the others and what is between them as they are.

    Args:
        rate: α, the share of the words that is changed, in [0, 1].
        stop_words: Words that are left alone, or None.
        segment: Function of a text that returns its words, or None.
        probability: Share of the texts that are changed, in [0, 1].
        seed: Integer or None.
    """

    def __init__(
        self,
        rate: float = 0.1,
        stop_words: str | Sequence[str] | None = None,
        segment: Callable[[str], Sequence[str]] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(WORD_RANGES, rate=rate, stop_words=stop_words, segment=segment)
        self.rate = rate
        self.stop_words = stop_words
        self.segment = segment
        # Epochs see the same texts again. Tuples of strings cost the garbage collector nothing, lists do.
        self.pieces = Remembered(lambda text: tuple(split(text, segment)))
        stops = words_of(stop_words)
        all_can = type(self).may_change is WordAugmentation.may_change
        free = Free(lambda word: word.lower() not in stops and self.may_change(word))
        # A function: of a dict that is an attribute Keras would make another one.
        self.free = None if all_can and not stops else free.__getitem__

    def may_change(self, word):
        """Whether a word that is no stop word can be changed."""
        return True

    def how_many(self, words):
        """Returns n = max(1, ⌊α l⌋) for a text of l words, as the reference has it; 0 if α is 0."""
        # What is but for rounding a whole number counts as that: 0.29 × 100 is 28.999999999999996.
        return max(1, int(self.rate * words + 1e-9)) if self.rate else 0

    def places(self, pieces):
        """Returns the indices of the words that may be changed."""
        places = range(1, len(pieces), 2)
        return places if self.free is None else [i for i in places if self.free(pieces[i])]

    def some_places(self, pieces, count, numbers):
        """Returns the indices of `count` random words that may be changed, or of all where there are fewer.

        Args:
            pieces: Pieces of a text.
            count: How many.
            numbers: Iterator of uniform numbers in [0, 1).
        """
        # Words are asked only as they are drawn: most texts have enough of them.
        places, left, free, chosen = list(range(1, len(pieces), 2)), len(pieces) // 2, self.free, []
        while left and len(chosen) < count:
            index = int(next(numbers) * left)
            left -= 1
            place, places[index] = places[index], places[left]
            if free(pieces[place]):
                chosen.append(place)
        return chosen

    def get_config(self):
        return {
            **super().get_config(),
            "rate": self.rate,
            "stop_words": list(self.stop_words) if isinstance(self.stop_words, list) else self.stop_words,
            "segment": keras.saving.serialize_keras_object(self.segment),
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "segment": keras.saving.deserialize_keras_object(config.get("segment"))})


class Free(dict):
    """Whether each of many words may be changed; remembered.

    Args:
        function: Function of a word.
    """

    most = 2**17

    def __init__(self, function):
        super().__init__()
        self._function = function

    def __missing__(self, word):
        if len(self) >= self.most:
            self.clear()
        free = self[word] = self._function(word)
        return free


def uniform_numbers(random, expected):
    """Yields uniform numbers in [0, 1) without end, drawn many at a time.

    Args:
        random: NumPy's `Generator`.
        expected: About how many will be needed.
    """
    while True:
        yield from random.random(min(expected, 2**16) + 8).tolist()
