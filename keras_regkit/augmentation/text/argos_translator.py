"""Translation by Argos Translate."""

from typing import Any

import keras

from keras_regkit._core.extras import require


@keras.saving.register_keras_serializable("keras_regkit")
class ArgosTranslator:
    """A `translator` for `BackTranslation` that runs Argos Translate, which needs no network once it is set up.

    Use it on a CPU. Packages of languages are installed with its own command: `argospm install translate-en_de`, and
    `translate-de_en` for the way back; where there is none for a pair, it goes through English.

    Call arguments:
        texts: List of texts.
        source: Their language, in ISO 639-1.
        target: The other language.

    Raises:
        ImportError: when called without `argostranslate`, or without the package of a language; says what to run.

    Example:

    >>> ArgosTranslator().name
    'argostranslate'
    """

    name = "argostranslate"

    def __init__(self) -> None:
        self._loaded: dict[tuple[str, str], Any] = {}

    def __call__(self, texts, source, target):
        translation = self._load(source, target)
        return [translation.translate(text) for text in texts]

    def get_config(self):
        return {}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def _load(self, source, target):
        if (source, target) not in self._loaded:
            argos = require("argostranslate.translate", extra="argos", purpose="ArgosTranslator")
            languages = {language.code: language for language in argos.get_installed_languages()}
            known = source in languages and target in languages
            translation = languages[source].get_translation(languages[target]) if known else None
            if translation is None:
                raise ImportError(
                    f"ArgosTranslator needs the package for {source!r} to {target!r}: "
                    f"argospm install translate-{source}_{target}"
                )
            self._loaded[source, target] = translation
        return self._loaded[source, target]
