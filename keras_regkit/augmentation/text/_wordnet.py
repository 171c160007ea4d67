"""Synonyms from WordNet, through the libraries that have it."""

import functools
import importlib

from keras_regkit._core.extras import require

_RUN = "python -m nltk.downloader wordnet"
_RUN_WN = "python -m wn download oewn:2024"


@functools.cache
def wordnet():
    """Returns a function of a word that lists its synonyms in English: the lemmas of all its synsets.

    Raises:
        ImportError: neither nltk nor wn is installed.
        LookupError: they are, and have no WordNet yet; says what to run.
    """
    purpose, advice = 'thesaurus="wordnet"', []
    for library, connect, run in (("nltk", _nltk, _RUN), ("wn", _wn, _RUN_WN)):
        try:
            importlib.import_module(library)
        except ImportError:
            continue
        synonyms = connect()
        if synonyms is not None:
            return synonyms
        advice.append(run)
    if advice:
        raise LookupError(f"{purpose} needs the data of WordNet, once on each machine: {' or '.join(advice)}")
    require("nltk", extra="text", purpose=purpose)
    raise AssertionError("unreachable: what is not installed was imported")


def _nltk():
    corpus = importlib.import_module("nltk.corpus").wordnet
    try:
        # It is read with the first look-up, and not made for two threads at that.
        corpus.synsets("word")
    except LookupError:
        return None
    return lambda word: [_plain(name) for synset in corpus.synsets(word) for name in synset.lemma_names()]


def _wn():
    library = importlib.import_module("wn")
    # Datasets call from threads of their own; words are looked up one at a time.
    library.config.allow_multithreading = True
    try:
        english = library.Wordnet(lang="en")
    except library.Error:
        return None
    return lambda word: [_plain(lemma) for synset in english.synsets(word) for lemma in synset.lemmas()]


def _plain(lemma):
    return lemma.replace("_", " ")
