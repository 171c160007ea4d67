"""Synonyms from a table of word vectors."""

from collections.abc import Sequence

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.types import Array

_BLOCK = 2**24  # similarities at once: 64 MB


@keras.saving.register_keras_serializable("keras_regkit")
class NearestNeighbours:
    """A thesaurus of the words whose vectors point in the most similar directions.

        cos(u, v) = uᵀv / (‖u‖ ‖v‖)

    Use it as `thesaurus` of `SynonymReplacement` and `RandomInsertion` where there is no dictionary, for example in
    other languages than English. Nearest neighbours are of the same kind, and not always synonyms: "good" has "bad"
    among them. `table` shows them.

    A word is looked up when it is first met, the new words of a batch in one matrix product.

    Args:
        words: List of the words, each once.
        vectors: Array `(words, size)`, one row for each.
        k: Neighbours of each word, at least 1. Defaults to 10.
        min_similarity: Cosine below which words are no neighbours, in [-1, 1]. Defaults to 0.5.

    Call arguments:
        word: A word.

    Raises:
        TypeError, ValueError: words and vectors do not go together, vectors are not finite, or an argument is out of
            its range.

    Reference:
        Wang & Yang 2015, That's So Annoying!!!: A Lexical and Frame-Semantic Embedding Based Data Augmentation Approach
        to Automatic Categorization of Annoying Behaviors using #petpeeve Tweets, section 3.3.

    Example:

    >>> vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]])
    >>> NearestNeighbours(["big", "large", "green"], vectors, k=2)("big")
    ('large',)
    """

    RANGES = {"k": Interval(1, closed="left", integer=True), "min_similarity": Interval(-1, 1)}  # noqa: RUF012

    def __init__(self, words: Sequence[str], vectors: Array, k: int = 10, min_similarity: float = 0.5):
        check_arguments(self.RANGES, k=k, min_similarity=min_similarity)
        self.words, self.vectors, self.k, self.min_similarity = words, vectors, k, min_similarity
        self._names = list(words)
        table = np.asarray(vectors, dtype="float32")
        if table.ndim != 2 or len(table) != len(self._names):
            raise ValueError(
                f"`vectors` must be an array (words, size), one row for each of the {len(self._names)} words. "
                f"Received: shape {table.shape}"
            )
        if not all(isinstance(word, str) for word in self._names) or len(set(self._names)) < len(self._names):
            raise ValueError("`words` must be strings, each once. Received: others, or one of them twice")
        if not np.isfinite(table).all():
            raise ValueError("`vectors` must be finite. Received: NaN or infinity")
        # A word of no direction, as padding often has, is nobody's neighbour.
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        self._units = table / np.where(norms > 0, norms, 1)
        self._index = {word: i for i, word in enumerate(self._names)}
        self._lower = [word.lower() for word in self._names]
        self._has_direction = norms[:, 0] > 0
        self._known: dict[str, tuple[str, ...]] = {}

    def __call__(self, word):
        if word not in self._known:
            self.prepare([word])
        return self._known.get(word, ())

    def prepare(self, words):
        """Looks up many words at once; those without vectors are passed over."""
        new = [word for word in words if word in self._index and word not in self._known]
        rows = max(1, _BLOCK // len(self._units))
        for start in range(0, len(new), rows):
            block = new[start : start + rows]
            at = [self._index[word] for word in block]
            for word, found in zip(block, nearest(self._units, at, self._candidates()), strict=True):
                self._known[word] = self._neighbours(word, found)

    def table(self, words):
        """Returns a dict from each of the words to the list of its neighbours: to look at, to change, and to keep.

        Args:
            words: List of words.
        """
        self.prepare(words)
        return {word: list(self(word)) for word in words}

    def get_config(self):
        vectors = self.vectors
        return {
            "words": list(self.words),
            "vectors": vectors.tolist() if hasattr(vectors, "tolist") else vectors,
            "k": self.k,
            "min_similarity": self.min_similarity,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def _candidates(self):
        # Some to spare: the word itself is one of them, and "Big" is none for "big".
        return min(self.k + 4, len(self._names))

    def _neighbours(self, word, found):
        own = word.lower()
        if not self._has_direction[self._index[word]]:
            return ()
        close = [i for i, similarity in found if similarity >= self.min_similarity and self._has_direction[i]]
        return tuple([self._names[i] for i in close if self._lower[i] != own][: self.k])


def nearest(units, rows, count):
    """Returns the rows of the largest cosines with some rows, for each a list of (row, cosine), the largest first.

    Args:
        units: Array `(words, size)` of rows of length 1.
        rows: List of the rows to compare with all.
        count: How many to return, the row itself included.
    """
    similarities = units[rows] @ units.T
    top = np.argpartition(similarities, -count, axis=1)[:, -count:]
    values = np.take_along_axis(similarities, top, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    top, values = np.take_along_axis(top, order, axis=1), np.take_along_axis(values, order, axis=1)
    return [list(zip(a, b, strict=True)) for a, b in zip(top.tolist(), values.tolist(), strict=True)]
