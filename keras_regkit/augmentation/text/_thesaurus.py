"""Where synonyms come from."""

import threading
import unicodedata

import keras

from keras_regkit._core.checks import did_you_mean
from keras_regkit.augmentation.text._casing import cased_like
from keras_regkit.augmentation.text._wordnet import wordnet


class Thesauri:
    """What `thesaurus` may be: a dict, `"wordnet"`, or a function of a word."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` or `ValueError` where it is nothing of these."""
        takes = (
            f'`{name}` must be a dict from a word to a list of its synonyms, "wordnet", a NearestNeighbours, or '
            "another function of a word"
        )
        if isinstance(value, str) and value != "wordnet":
            raise ValueError(f"{takes}.{did_you_mean(value, ['wordnet'])} Received: {value!r}")
        if isinstance(value, dict):
            for word, synonyms in value.items():
                ours = isinstance(synonyms, list | tuple) and all(isinstance(other, str) for other in synonyms)
                if not isinstance(word, str) or not ours:
                    raise TypeError(f"{takes}. Received: {value!r:.80}, with {word!r}: {synonyms!r:.80}")
        elif not isinstance(value, str) and not callable(value):
            raise TypeError(f"{takes}. Received: {value!r:.80}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(None, TypeError), ("wordnett", ValueError), ({"big": "large"}, TypeError), ({"big": [3]}, TypeError)]


class Synonyms:
    """The synonyms of words as they stand in a text: in their case, without the words themselves, each once.

    Args:
        thesaurus: As the layers take it. `"wordnet"` is looked for with the first word.
    """

    most = 2**17

    def __init__(self, thesaurus):
        self.thesaurus = thesaurus
        self._known = {}
        self._lock = threading.Lock()

    def __call__(self, word):
        """Returns a tuple."""
        found = self._known.get(word)
        if found is None:
            with self._lock:
                found = self._looked_up(word)
                if len(self._known) >= self.most:
                    self._known = {}
                self._known[word] = found
        return found

    def prepare(self, words):
        """Looks up many words at once, where the thesaurus does so faster than one by one."""
        prepare = getattr(self.thesaurus, "prepare", None)
        if prepare is not None:
            new = {word for word in words if word not in self._known}
            prepare({spelling for word in new for spelling in _spellings(word)})

    def _looked_up(self, word):
        own, found = word.lower(), {}
        for spelling in _spellings(word):
            for other in self._of(spelling):
                if other.strip() and other.lower() != own:
                    found[cased_like(word, other)] = None
            if found:
                break
        return tuple(found)

    def _of(self, word):
        if isinstance(self.thesaurus, dict):
            return self.thesaurus.get(word, ())
        if isinstance(self.thesaurus, str):
            return wordnet()(word)
        found = self.thesaurus(word)
        if isinstance(found, str) or not hasattr(found, "__iter__"):
            raise TypeError(
                f"`thesaurus` must return a list of synonyms, which may be empty. Received: {found!r:.80} for {word!r}"
            )
        return found


def serialized(thesaurus):
    """Returns a thesaurus as a config has it."""
    return thesaurus if isinstance(thesaurus, dict | str) else keras.saving.serialize_keras_object(thesaurus)


def deserialized(thesaurus):
    """Returns the thesaurus of a config."""
    if isinstance(thesaurus, dict) and {"class_name", "config"} <= set(thesaurus):
        return keras.saving.deserialize_keras_object(thesaurus)
    return thesaurus


def _spellings(word):
    """Returns how a word may stand in a thesaurus: as it is, else in small letters; accents as one character."""
    spelling = word if word.isascii() else unicodedata.normalize("NFC", word)
    lower = spelling.lower()
    return (spelling,) if spelling == lower else (spelling, lower)
