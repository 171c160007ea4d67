"""Translating in batches, with retries; what is done is kept."""

import time

from keras_regkit.augmentation.text._translation_store import TranslationStore


class Translating:
    """A translator, and what it has translated.

    Args:
        translator: Function of a list of texts, their language and another one.
        batch_size: Texts in a call, at most.
        retries: How often a call that fails is repeated.
        back_off: Seconds before the first of these; it doubles with each.
        store: Path of the file with translations, or None.
    """

    def __init__(self, translator, batch_size, retries, back_off, store):
        self.translator = translator
        self.store = TranslationStore(store)
        self._batch_size, self._retries, self._back_off = batch_size, retries, back_off
        self._name = _name_of(translator)

    def translate(self, texts, source, target, done):
        """Returns a dict from each text to its translation.

        Args:
            texts: Iterable of texts; those that are equal are translated once.
            source: Their language.
            target: The other language.
            done: Function of a number of texts, called after each batch.

        Raises:
            RuntimeError: the translator fails, after all retries.
            ValueError: it does not return one text for each.
        """
        key, texts = (self._name, source, target), list(dict.fromkeys(texts))
        known = self.store.find(key, texts)
        done(len(known))
        missing = [text for text in texts if text not in known]
        for start in range(0, len(missing), self._batch_size):
            batch = missing[start : start + self._batch_size]
            kept = (
                f"{len(known)} of {len(texts)} translations from {source!r} to {target!r} are kept in "
                f"{self.store.where}. Run it again to go on from there"
            )
            new = self._call(batch, source, target, kept)
            self.store.add(key, batch, new)
            known.update(zip(batch, new, strict=True))
            done(len(batch))
        return known

    def _call(self, batch, source, target, kept):
        for attempt in range(self._retries + 1):
            try:
                new = self.translator(list(batch), source, target)
                break
            except ImportError:
                raise  # waiting installs nothing
            except Exception as error:
                if attempt == self._retries:
                    raise RuntimeError(
                        f"The translator {self._name!r} failed {attempt + 1} times in a row, last with "
                        f"{type(error).__name__}: {error}. {kept}"
                    ) from error
                time.sleep(self._back_off * 2**attempt)
        if isinstance(new, str | dict | set) or not hasattr(new, "__len__"):
            raise ValueError(
                f"The translator {self._name!r} must return a list of texts. Received: {new!r:.80}. {kept}"
            )
        wrong = [text for text in new if not _is_text(text)]
        if len(new) != len(batch) or wrong:
            received = f"{wrong[0]!r:.80} among them" if wrong else f"{len(new)} texts"
            raise ValueError(
                f"The translator {self._name!r} must return one text for each of the {len(batch)} that it is given, in "
                f"order. Received: {received}. {kept}"
            )
        return list(map(str, new))


def _is_text(value):
    """Whether a value is a string that can be written: halves of surrogate pairs cannot."""
    return isinstance(value, str) and value == value.encode("utf-8", "ignore").decode()


def _name_of(translator):
    """Returns the name under which translations are kept: another translator's are others."""
    name = getattr(translator, "name", None)
    if isinstance(name, str):
        return name
    named = translator if hasattr(translator, "__qualname__") else type(translator)
    return f"{named.__module__}.{named.__qualname__}"
