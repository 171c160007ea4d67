"""Texts that went through another language."""

import os
import threading
from collections.abc import Callable, Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, OneOf, check_arguments
from keras_regkit._core.progress import Progress
from keras_regkit._core.types import PathLike
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.text._forms import unpack
from keras_regkit.augmentation.text._functions import OptionalFunction
from keras_regkit.augmentation.text._string_layer import StringAugmentation
from keras_regkit.augmentation.text._translating import Translating


class _Language:
    def check(self, name, value):
        """Returns `value`; raises `TypeError` or `ValueError` where it is no name of a language."""
        if not isinstance(value, str):
            raise TypeError(f'`{name}` must be the code of a language, such as "en". Received: {value!r:.80}')
        if not value:
            raise ValueError(f'`{name}` must be the code of a language, such as "en". Received: an empty string')
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(None, TypeError), ("", ValueError)]


class _Languages:
    def check(self, name, value):
        """Returns `value`; raises `TypeError` or `ValueError` where it is no list of languages."""
        if not isinstance(value, list | tuple):
            raise TypeError(f'`{name}` must be a list of languages, such as ["de", "fr"]. Received: {value!r:.80}')
        if not value:
            raise ValueError(f"`{name}` must name at least one language. Received: {value!r}")
        if not all(isinstance(language, str) and language for language in value):
            raise TypeError(f'`{name}` must be a list of languages, such as ["de", "fr"]. Received: {value!r:.80}')
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("de", TypeError), ([], ValueError), ([3], TypeError)]


class _Path:
    def check(self, name, value):
        """Returns `value`; raises `TypeError` where it is no path."""
        if value is not None and not isinstance(value, str | os.PathLike):
            raise TypeError(f"`{name}` must be the path of a file, or None. Received: {value!r:.80}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [(3, TypeError), (["a.sqlite"], TypeError)]


@keras.saving.register_keras_serializable("keras_regkit")
class BackTranslation(StringAugmentation):
    """Translates texts into another language, and back.

        x ↦ back(there(x)),  by a language drawn for each text

    Use it on texts of some length where the meaning counts and words do not: of all these layers it changes the wording
    most and the meaning least. Translating is slow: run `prepare` on the texts of training once, with a `store`; then
    every epoch takes translations from there.

    Nothing is translated twice. With a `store`, each batch is on the disk before the next one is begun: after a crash,
    run the same again, and it goes on where it was. Spaces at the ends of a text stay; texts without a letter or a
    digit are left alone.

    Args:
        translator: `translator(texts, source, target)`: a function of a list of str and two languages that returns a
            list of as many str; such as `TransformersTranslator()` or `ArgosTranslator()`. Its `name`, if it has
            one, tells its translations from those of others in the store.
        source: Language of the texts, in the translator's code. Defaults to `"en"`.
        pivots: List of languages to go through. Defaults to `("de",)`.
        batch_size: Texts that are translated in one call, at least 1. Defaults to 32.
        retries: How often a call that raises is repeated, at least 0. Defaults to 3.
        back_off: Seconds before the first repetition, at least 0; twice as many before each further one. Defaults to 1.
        store: Path of a file that keeps translations (SQLite), which is made if there is none; threads and processes
            may share it. Defaults to None: they are kept in memory.
        verbose: 1 shows a progress bar once a call has taken 2 seconds, 0 none. Defaults to 1.
        probability: Share of the texts that are translated, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: A str, a list of str, an array of strings or objects, or a tensor of strings of TensorFlow; or a dict
            with one of them as `text`. The same form comes out.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or something is not a text; when called, the translator
            returns something else than one text for each.
        RuntimeError: the translator raises after all retries; says how many translations are kept, and where.

    Reference:
        Sennrich et al. 2016, Improving Neural Machine Translation Models with Monolingual Data, section 3; as
        augmentation: Edunov et al. 2018, Understanding Back-Translation at Scale.

    Example:

    >>> words = {"en": "big dog", "de": "großer Hund", "fr": "gros chien"}
    >>> def translator(texts, source, target):
    ...     return [words[target] if target != "en" else "large dog" for text in texts]
    >>> BackTranslation(translator, pivots=["de", "fr"], seed=1)(["big dog"])
    ['large dog']
    """

    RANGES = {  # noqa: RUF012
        "translator": OptionalFunction("(texts, source, target) that returns a list of texts", optional=False),
        "source": _Language(),
        "pivots": _Languages(),
        "batch_size": Interval(1, closed="left", integer=True),
        "retries": Interval(0, closed="left", integer=True),
        "back_off": Interval(0, closed="left"),
        "store": _Path(),
        "verbose": OneOf(0, 1),
        **PROBABILITY,
    }

    def __init__(
        self,
        translator: Callable[[list[str], str, str], Sequence[str]],
        source: str = "en",
        pivots: Sequence[str] = ("de",),
        batch_size: int = 32,
        retries: int = 3,
        back_off: float = 1.0,
        store: PathLike | None = None,
        verbose: int = 1,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        given = {"batch_size": batch_size, "retries": retries, "back_off": back_off, "verbose": verbose}
        check_arguments(self.RANGES, translator=translator, source=source, pivots=pivots, store=store, **given)
        if source in pivots:
            raise ValueError(f"`pivots` must be other languages than `source`. Received: {source!r} in {list(pivots)}")
        self.source = source
        self.pivots = pivots
        self.batch_size = batch_size
        self.retries = retries
        self.back_off = back_off
        self.store = None if store is None else os.fspath(store)
        self.verbose = verbose
        self._translating = Translating(translator, batch_size, retries, back_off, self.store)
        # One at a time: translators are seldom made for threads, and two of them would translate the same texts.
        self._one_at_a_time = threading.Lock()

    @property
    def translator(self):
        """The translator as it was given."""
        return self._translating.translator

    def prepare(self, texts):
        """Translates texts by way of all languages, so that later calls find everything done.

        Args:
            texts: Texts in any form that the layer takes.
        """
        texts = unpack(texts, self.name)[0]
        self._back(texts * len(self.pivots), [pivot for pivot in self.pivots for _ in texts])

    def change(self, texts, random):
        drawn = random.integers(len(self.pivots), size=len(texts)).tolist()
        return self._back(texts, [self.pivots[i] for i in drawn])

    def get_config(self):
        return {
            **super().get_config(),
            "translator": keras.saving.serialize_keras_object(self.translator),
            "source": self.source,
            "pivots": list(self.pivots) if isinstance(self.pivots, list) else self.pivots,
            "batch_size": self.batch_size,
            "retries": self.retries,
            "back_off": self.back_off,
            "store": self.store,
            "verbose": self.verbose,
        }

    @classmethod
    def from_config(cls, config):
        return cls(**{**config, "translator": keras.saving.deserialize_keras_object(config["translator"])})

    def _back(self, texts, pivots):
        """Returns texts that went through the language beside each."""
        with self._one_at_a_time:
            cores = [_core(text) for text in texts]
            progress, total = Progress(self.verbose, "text"), 0

            def done(count):
                nonlocal total
                total += count
                progress.update(total)

            back = {}
            for pivot in dict.fromkeys(pivots):
                ours = [core for core, its in zip(cores, pivots, strict=True) if core and its == pivot]
                there = self._translating.translate(ours, self.source, pivot, done)
                # What comes as nothing stays what it was.
                words = [text.strip() for text in there.values() if text.strip()]
                home = self._translating.translate(words, pivot, self.source, done)
                back[pivot] = {text: home.get(other.strip(), "").strip() for text, other in there.items()}
            progress.update(total, last=True)
        new = [back[pivot].get(core) if core else "" for core, pivot in zip(cores, pivots, strict=True)]
        return [
            text.replace(core, other, 1) if other else text for text, core, other in zip(texts, cores, new, strict=True)
        ]


def _core(text):
    """Returns what there is to translate of a text; nothing where it has no letter, or cannot be written."""
    if not any(character.isalnum() for character in text):
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return ""
    return text.strip()
