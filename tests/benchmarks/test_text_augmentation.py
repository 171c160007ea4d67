"""How many texts a second are augmented, beside nlpaug.

    PYTHONPATH=... pytest tests/benchmarks/test_text_augmentation.py --benchmark -n0 -s        (nlpaug 1.1.11)

Batches of 1,000 texts of 15 to 45 words; the same share of words, and the same dictionary. Each round brings new texts.
"seen" are texts that the layer has met before, as in the second epoch.
"""

import itertools
import warnings

import numpy as np
from measuring import interleaved, ratio, write_table

from keras_regkit.augmentation import text as room

ROUNDS, BATCH = 9, 1000
RANDOM = np.random.default_rng(0)
LETTERS = list("abcdefghijklmnopqrstuvwxyz")
WORDS = sorted({"".join(RANDOM.choice(LETTERS, size=RANDOM.integers(2, 10))) for _ in range(4000)})[:3000]
# A third of the words have a synonym.
PAIRS = [WORDS[i : i + 2] for i in range(0, len(WORDS), 6)]
THESAURUS = {word: [other] for a, b in PAIRS for word, other in ((a, b), (b, a))}


def texts(seed):
    random = np.random.default_rng(seed)
    # As often as words are in a language: a few make up most of it.
    weights = 1 / (10 + np.arange(len(WORDS)))
    drawn = [random.choice(WORDS, size=random.integers(15, 45), p=weights / weights.sum()) for _ in range(BATCH)]
    return [" ".join(words).capitalize() + "." for words in drawn]


def ours():
    return {
        "swap": room.RandomSwap(0.1),
        "deletion": room.RandomDeletion(0.1),
        "keyboard typos": room.KeyboardTypos(0.1),
        "synonyms of a dict": room.SynonymReplacement(THESAURUS, 0.1, stop_words=None),
        "insertion": room.RandomInsertion(THESAURUS, 0.1, stop_words=None),
    }


def nlpaug():
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            import nlpaug.augmenter.char as characters
            import nlpaug.augmenter.word as words
    except ImportError as error:
        print(f"without nlpaug: {error}")
        return {}
    return {
        "swap": words.RandomWordAug(action="swap", aug_p=0.1, aug_max=None),
        "deletion": words.RandomWordAug(action="delete", aug_p=0.1, aug_max=None),
        "keyboard typos": characters.KeyboardAug(aug_char_max=1, aug_word_p=0.1, aug_word_max=None),
        "synonyms of a dict": words.ReservedAug(PAIRS, aug_p=0.1, aug_max=None),
    }


def test_texts_a_second():
    peers, rows = nlpaug(), []
    batches = [texts(seed) for seed in range(ROUNDS + 1)]
    for op, layer in ours().items():
        functions = {"keras_regkit": once(layer, batches)}
        seen = type(layer).from_config(layer.get_config())
        functions["keras_regkit, seen"] = lambda f=seen: f(batches[0])
        if op in peers:
            functions["nlpaug"] = once(peers[op].augment, batches)
        rows += table(interleaved(functions, ROUNDS), op=op)
    write_table("text-augmentation", rows)


def test_one_text_and_other_scripts():
    """Texts one by one, and texts beyond ASCII, which take the longer way through Unicode."""
    peers, rows = nlpaug(), []
    batches = [texts(seed) for seed in range(ROUNDS + 1)]
    accents = [[text.replace("e", "é") for text in batch] for batch in batches]
    for name, given, one_by_one in (("one by one", batches, True), ("accents", accents, False)):
        functions = {"keras_regkit": once(room.RandomSwap(0.1), given, one_by_one)}
        if peers:
            functions["nlpaug"] = once(peers["swap"].augment, given, one_by_one)
        rows += table(interleaved(functions, ROUNDS), op=f"swap, {name}")
    write_table("text-augmentation-forms", rows)


def once(function, batches, one_by_one=False):
    """Returns a function that augments the next batch."""
    rounds = itertools.cycle(batches)
    return lambda: [function(text) for text in next(rounds)] if one_by_one else function(next(rounds))


def table(times, **more):
    return [
        {
            **more,
            "library": name,
            "texts a second": f"{BATCH / sorted(t)[len(t) // 2]:.0f}",
            **ratio(t, times["keras_regkit"]),
        }
        for name, t in times.items()
    ]
