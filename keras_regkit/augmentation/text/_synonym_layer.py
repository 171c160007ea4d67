"""What the layers share that put in synonyms."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from keras_regkit._core.checks import check_arguments
from keras_regkit.augmentation.text._thesaurus import Synonyms, Thesauri, deserialized, serialized
from keras_regkit.augmentation.text._word_layer import WORD_RANGES, WordAugmentation

SYNONYM_RANGES = {"thesaurus": Thesauri(), **WORD_RANGES}


class SynonymAugmentation(WordAugmentation):
    """A layer that chooses words that have synonyms, and are no stop words.

    Args:
        thesaurus: Dict, function of a word, or `"wordnet"`.
        rate: α, the share of the words, in [0, 1].
        stop_words: Words that are left alone, or None.
        segment: Function of a text that returns its words, or None.
        probability: Share of the texts that are changed, in [0, 1].
        seed: Integer or None.
    """

    def __init__(
        self,
        thesaurus: str | Mapping[str, Sequence[str]] | Callable[[str], Sequence[str]],
        rate: float = 0.1,
        stop_words: str | Sequence[str] | None = "english",
        segment: Callable[[str], Sequence[str]] | None = None,
        **kwargs: Any,
    ):
        super().__init__(rate=rate, stop_words=stop_words, segment=segment, **kwargs)
        check_arguments(SYNONYM_RANGES, thesaurus=thesaurus)
        self.synonyms = Synonyms(thesaurus)

    @property
    def thesaurus(self):
        """The thesaurus as it was given: as an attribute Keras would make another dict of it."""
        return self.synonyms.thesaurus

    def may_change(self, word):
        return bool(self.synonyms(word))

    def pieces_of(self, texts):
        """Returns the pieces of each text."""
        all_pieces = [self.pieces(text) for text in texts]
        if hasattr(self.thesaurus, "prepare"):
            self.synonyms.prepare({word for pieces in all_pieces for word in pieces[1::2]})
        return all_pieces

    def get_config(self):
        return {**super().get_config(), "thesaurus": serialized(self.thesaurus)}

    @classmethod
    def from_config(cls, config):
        return super().from_config({**config, "thesaurus": deserialized(config["thesaurus"])})
