"""Augmentation of text: strings, and ids of tokens."""

from keras_regkit.augmentation._compose import Compose
from keras_regkit.augmentation.text.argos_translator import ArgosTranslator
from keras_regkit.augmentation.text.back_translation import BackTranslation
from keras_regkit.augmentation.text.keyboard_typos import KeyboardTypos
from keras_regkit.augmentation.text.nearest_neighbours import NearestNeighbours
from keras_regkit.augmentation.text.random_deletion import RandomDeletion
from keras_regkit.augmentation.text.random_insertion import RandomInsertion
from keras_regkit.augmentation.text.random_swap import RandomSwap
from keras_regkit.augmentation.text.span_cutoff import SpanCutoff
from keras_regkit.augmentation.text.synonym_replacement import SynonymReplacement
from keras_regkit.augmentation.text.token_dropout import TokenDropout
from keras_regkit.augmentation.text.token_mask import TokenMask
from keras_regkit.augmentation.text.token_swap import TokenSwap
from keras_regkit.augmentation.text.transformers_translator import TransformersTranslator

__all__ = [
    "ArgosTranslator",
    "BackTranslation",
    "Compose",
    "KeyboardTypos",
    "NearestNeighbours",
    "RandomDeletion",
    "RandomInsertion",
    "RandomSwap",
    "SpanCutoff",
    "SynonymReplacement",
    "TokenDropout",
    "TokenMask",
    "TokenSwap",
    "TransformersTranslator",
]
