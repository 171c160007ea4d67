"""Translation by models of Hugging Face."""

from collections.abc import Mapping
from typing import Any

import keras

from keras_regkit._core.extras import require


@keras.saving.register_keras_serializable("keras_regkit")
class TransformersTranslator:
    """A `translator` for `BackTranslation` that runs one encoder-decoder of Hugging Face for each direction.

    Use it where `transformers` and PyTorch are installed; weights are downloaded when a direction is first used.

    Args:
        model: Name or path of the models, with `{source}` and `{target}` for the languages. Defaults to those of
            Opus-MT.
        device: Where to run, such as `"cuda"`. Defaults to None: the CPU.
        options: Dict of arguments for `generate`, such as `{"num_beams": 1}`, for speed, or
            `{"do_sample": True, "top_k": 10}`, which changes more. Defaults to None: those of the model.

    Call arguments:
        texts: List of texts; beyond the length that a model takes they are cut.
        source: Their language, in the codes of the models.
        target: The other language.

    Raises:
        ImportError: when called without `transformers`.

    Reference:
        Tiedemann & Thottingal 2020, OPUS-MT: Building open translation services for the World.

    Example:

    >>> TransformersTranslator(options={"num_beams": 1}).model_for("en", "de")
    'Helsinki-NLP/opus-mt-en-de'
    """

    def __init__(
        self,
        model: str = "Helsinki-NLP/opus-mt-{source}-{target}",
        device: str | None = None,
        options: Mapping[str, Any] | None = None,
    ):
        if not isinstance(model, str) or "{target}" not in model:
            raise ValueError(
                "`model` must be the name of models, with {source} and {target} in it, as in "
                f"'Helsinki-NLP/opus-mt-{{source}}-{{target}}'. Received: {model!r}"
            )
        self.model, self.device, self.options = model, device, options
        self._loaded: dict[str, Any] = {}

    @property
    def name(self):
        """What tells its translations from those of other translators."""
        return f"transformers {self.model} {sorted((self.options or {}).items())}"

    def __call__(self, texts, source, target):
        tokenizer, model = self._load(self.model_for(source, target))
        batch = tokenizer(texts, return_tensors="pt", padding=True, truncation=True).to(model.device)
        return tokenizer.batch_decode(model.generate(**batch, **(self.options or {})), skip_special_tokens=True)

    def model_for(self, source, target):
        """Returns the name of the model for a direction.

        Args:
            source: Language of the texts.
            target: The other language.
        """
        return self.model.format(source=source, target=target)

    def get_config(self):
        return {"model": self.model, "device": self.device, "options": self.options}

    @classmethod
    def from_config(cls, config):
        return cls(**config)

    def _load(self, name):
        if name not in self._loaded:
            transformers = require("transformers", extra="transformers", purpose="TransformersTranslator")
            tokenizer = transformers.AutoTokenizer.from_pretrained(name)
            model = transformers.AutoModelForSeq2SeqLM.from_pretrained(name)
            self._loaded[name] = tokenizer, model if self.device is None else model.to(self.device)
        return self._loaded[name]
