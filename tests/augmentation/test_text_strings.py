"""Layers for strings: the rules of the paper, every form of texts, seeds, datasets, models and saving."""

import collections
import importlib
import itertools
import sys
import types

import keras
import numpy as np
import pytest

from keras_regkit import augmentation, testing
from keras_regkit.augmentation import text as room
from keras_regkit.augmentation.text import _wordnet
from keras_regkit.augmentation.text._keyboards import neighbours
from keras_regkit.augmentation.text._segmentation import split
from keras_regkit.augmentation.text._stop_words import ENGLISH

ON_TENSORFLOW = keras.backend.backend() == "tensorflow"
THESAURUS = {"quick": ["fast", "rapid"], "big": ["large"], "dog": ["hound"], "lazy": ["idle"]}
SENTENCE = "The quick, brown fox jumps over the lazy dog; it is a big, quick dog!"


@keras.saving.register_keras_serializable("tests")
def on_bars(text):
    return text.split("|")


@keras.saving.register_keras_serializable("tests")
def echoed(word):
    return [f"{word} {word}"]


def reverse(texts, source, target):
    return [text[::-1] if target == "en" else text.upper()[::-1] for text in texts]


keras.saving.register_keras_serializable("tests")(reverse)

MAKE = {
    "synonyms": lambda **kw: room.SynonymReplacement(THESAURUS, **{"rate": 0.3, **kw}),
    "insertion": lambda **kw: room.RandomInsertion(THESAURUS, **{"rate": 0.3, **kw}),
    "swap": lambda **kw: room.RandomSwap(**{"rate": 0.3, **kw}),
    "deletion": lambda **kw: room.RandomDeletion(**{"rate": 0.3, **kw}),
    "typos": lambda **kw: room.KeyboardTypos(**{"rate": 0.3, **kw}),
    "translation": lambda **kw: room.BackTranslation(reverse, **{k: v for k, v in kw.items() if k != "rate"}),
}


@pytest.fixture(params=MAKE)
def make(request):
    return MAKE[request.param]


def words(text):
    return split(text)[1::2]


# The rules of the paper.


@pytest.mark.parametrize(
    ("rate", "size", "count"), [(0.1, 5, 1), (0.1, 30, 3), (0.29, 100, 29), (0.5, 7, 3), (0.0, 9, 0)]
)
def test_n_is_the_share_of_the_words_and_at_least_one(rate, size, count):
    text = " ".join(["big"] * size)
    replaced = room.SynonymReplacement(THESAURUS, rate, seed=1)(text)
    assert collections.Counter(words(replaced)) == +collections.Counter(large=count, big=size - count)
    inserted = room.RandomInsertion(THESAURUS, rate, seed=1)(text)
    assert collections.Counter(words(inserted)) == +collections.Counter(large=count, big=size)
    typed = room.KeyboardTypos(rate, min_length=1, seed=1)(text)
    assert sum(word != "big" for word in words(typed)) == count


def test_synonyms_are_of_random_words_that_are_no_stop_words():
    layer = room.SynonymReplacement({**THESAURUS, "the": ["ye"]}, rate=0.2, seed=3)
    seen = collections.Counter()
    for new in layer([SENTENCE] * 2000):
        before, after = words(SENTENCE), words(new)
        changed = [i for i, (a, b) in enumerate(zip(before, after, strict=True)) if a != b]
        assert len(changed) == 3 == int(0.2 * len(before))
        seen.update(changed)
        assert all(after[i] in THESAURUS[before[i]] for i in changed)
    # "quick", "lazy", "dog", "big", "quick", "dog", each in half of the texts.
    assert set(seen) == {1, 7, 8, 12, 13, 14}
    assert all(abs(count / 2000 - 0.5) < 0.045 for count in seen.values())


def test_stop_words_may_be_ones_own_or_none():
    ye = {"the": ["ye"], "dog": ["hound"]}
    assert room.SynonymReplacement(ye, 1.0)("The dog") == "The hound"
    assert room.SynonymReplacement(ye, 1.0, stop_words=None)("The dog") == "Ye hound"
    assert room.SynonymReplacement(ye, 1.0, stop_words=["Dog"])("The dog") == "Ye dog"
    assert room.RandomDeletion(1.0, stop_words=["not"], seed=0)("do not go") == "not"
    assert set(room.RandomSwap(0.4, stop_words=["not"], seed=1)(["do not go"] * 9)) == {"go not do"}
    assert room.KeyboardTypos(1.0, stop_words="english", seed=0)("until because") == "until because"
    assert {"the", "don't", "don’t", "not"} <= ENGLISH


def test_all_synonyms_come_alike():
    seen = collections.Counter(room.SynonymReplacement({"a": list("bcde")}, stop_words=None, seed=5)(["a"] * 4000))
    assert set(seen) == set("bcde")
    assert all(abs(count - 1000) < 4 * np.sqrt(4000 * 0.25 * 0.75) for count in seen.values())


def test_insertion_is_at_every_place_alike_and_keeps_the_text():
    layer = room.RandomInsertion({"b": ["NEW"]}, stop_words=None, seed=2)
    seen = collections.Counter(layer(["a b, c!"] * 4000))
    assert set(seen) == {"NEW a b, c!", "a NEW b, c!", "a b, NEW c!", "a b, c NEW!"}
    assert all(abs(count - 1000) < 4 * np.sqrt(4000 * 0.25 * 0.75) for count in seen.values())


def test_swaps_take_all_pairs_alike_and_leave_the_rest():
    seen = collections.Counter(room.RandomSwap(0.1, seed=2)(["a, b c!"] * 3000))
    assert set(seen) == {"b, a c!", "c, b a!", "a, c b!"}
    assert all(abs(count - 1000) < 4 * np.sqrt(3000 * 2 / 9) for count in seen.values())
    # As many swaps as the share says: after two of three words, the text is an even permutation.
    twice = set(room.RandomSwap(0.7, seed=2)(["a b c"] * 200))
    assert twice == {"a b c", "b c a", "c a b"}


def test_deletion_is_of_each_word_by_itself():
    text = " ".join(map(str, range(20)))
    kept = np.array(
        [[str(i) in set(words(new)) for i in range(20)] for new in room.RandomDeletion(0.3, seed=4)([text] * 3000)]
    )
    assert np.abs(kept.mean(axis=0) - 0.7).max() < 4 * np.sqrt(0.21 / 3000)
    # Independent: the number of those left is binomial.
    assert abs(kept.sum(axis=1).var() - 20 * 0.21) < 0.5


def test_one_word_is_left_any_of_them():
    seen = collections.Counter(room.RandomDeletion(1.0, seed=1)(["a, b. c"] * 900))
    assert {tuple(words(text)) for text in seen} == {("a",), ("b",), ("c",)}
    assert min(seen.values()) > 230


@pytest.mark.parametrize(
    ("text", "gone", "left"),
    [
        ("The quick fox", [1], "The fox"),
        ("The quick fox", [0], "quick fox"),
        ("The quick fox", [2], "The quick"),
        ("The quick fox", [0, 1], "fox"),
        ("The quick, fox", [1], "The, fox"),
        ("The (quick fox)", [1], "The (fox)"),
        ("The (fox quick)", [2], "The (fox)"),
        ("one\ntwo three", [1], "one\nthree"),
        ("one two\nthree", [1], "one\nthree"),
        ("one  two", [1], "one"),
        ("go fox!", [1], "go!"),
        ("3 x-5", [1], "3 -5"),
        ("我爱你", [1], "我你"),
        ("the 猫cat", [1], "the cat"),
        ("  two words  ", [0], "  words  "),
    ],
)
def test_a_space_goes_with_its_word(text, gone, left):
    from keras_regkit.augmentation.text.random_deletion import without

    pieces = split(text)
    assert without(pieces, [2 * i + 1 for i in gone]) == left
    assert len(words(left)) == len(words(text)) - len(gone)


# Case, scripts, and texts with nothing to change.


@pytest.mark.parametrize(
    ("text", "new"),
    [
        ("big", "large"),
        ("Big", "Large"),
        ("BIG!", "LARGE!"),
        ("bIg", "large"),
        ("(big),\tBIG\n", "(large),\tLARGE\n"),
        ("I", "Me"),
        ("cafe\u0301", "bar"),
        ("Straße", "Weg"),
        ("good\U0001f44d\U0001f3fd", "fine\U0001f44d\U0001f3fd"),
    ],
)
def test_case_and_all_else_is_kept(text, new):
    thesaurus = {"big": ["large"], "i": ["me"], "caf\u00e9": ["bar"], "straße": ["weg"], "good": ["fine"]}
    assert room.SynonymReplacement(thesaurus, 1.0, stop_words=None)(text) == new


def test_a_word_is_no_synonym_of_itself():
    layer = room.SynonymReplacement({"big": ["Big", "big", " ", "large", "large"], "dog": ["dog"]}, 1.0)
    assert set(layer(["Big dog"] * 20)) == {"Large dog"}


def test_insertion_in_scripts_without_spaces():
    layer = room.RandomInsertion({"猫": ["狗"]}, seed=1)
    assert set(layer(["爱猫。"] * 60)) == {"狗爱猫。", "爱狗猫。", "爱猫狗。"}
    mixed = room.RandomInsertion({"猫": ["cat"]}, seed=1)
    assert set(mixed(["dog猫"] * 60)) == {"cat dog猫", "dog cat 猫", "dog猫 cat"}
    capitals = room.RandomInsertion(THESAURUS, seed=1)
    assert set(capitals(["BIG"] * 30)) == {"LARGE BIG", "BIG LARGE"}
    assert set(capitals(["Big"] * 30)) == {"large Big", "Big large"}


@pytest.mark.parametrize("text", ["", " ", "?!", "\n\n", "\U0001f469\u200d\U0001f680", "word"])
def test_where_nothing_can_be_done_nothing_is(make, text):
    if text == "word" and make in (MAKE["typos"], MAKE["translation"]):
        pytest.skip("one word is enough for these")
    assert make(seed=1)([text, text]) == [text, text]


def test_emoji_and_right_to_left_stay_whole():
    texts = ["\U0001f468\u200d\U0001f469\u200d\U0001f467 e\u0301te\u0301 שָׁלוֹם اَلسَّلَامُ \U0001f1e9\U0001f1ea"] * 50
    for new in room.RandomSwap(0.5, seed=1)(texts):
        assert sorted(words(new)) == sorted(words(texts[0]))
    assert set(room.KeyboardTypos(1.0, min_length=1, seed=1)(["e\u0301 שָׁלוֹם \U0001f1e9\U0001f1ea"])) == {
        "e\u0301 שָׁלוֹם \U0001f1e9\U0001f1ea"
    }


def test_a_segment_function_says_what_words_are():
    layer = room.RandomSwap(0.1, segment=on_bars, seed=1)
    assert layer("one two|three") == "three|one two"


# Keyboards.


def test_neighbours_on_keyboards():
    qwerty, qwertz, azerty = (neighbours(name) for name in ("qwerty", "qwertz", "azerty"))
    assert set(qwerty["g"]) == set("fhtyvb")
    assert set(qwerty["q"]) == set("wa")
    assert set(qwerty["5"]) == set("46")
    assert set(qwerty["G"]) == set("FHTYVB")
    assert set(qwertz["z"]) == set("tugh")
    assert "ü" in qwertz["p"]
    assert set(azerty["a"]) >= {"z", "q", "é"}
    for table in (qwerty, qwertz, azerty):
        assert all(key in table[other] for key, others in table.items() if key.islower() for other in others)


def test_typos_are_of_neighbouring_keys():
    table = neighbours("qwerty")
    for new in room.KeyboardTypos(1.0, typos=2, seed=1)(["Jumping over lazy dogs"] * 200):
        for before, after in zip(words("Jumping over lazy dogs"), words(new), strict=True):
            changed = [(a, b) for a, b in zip(before, after, strict=True) if a != b]
            assert len(changed) == 2
            assert all(b in table[a] for a, b in changed)
    assert room.KeyboardTypos(1.0, seed=1)("a bc def") == "a bc def"
    assert room.KeyboardTypos(1.0, layout={"a": "b"}, min_length=1, typos=9)("aA1a") == "bB1b"


# Thesauri.


def test_any_function_is_a_thesaurus():
    assert room.SynonymReplacement(echoed, 1.0)("fox") == "fox fox"
    for found in ("hound", None):
        with pytest.raises(TypeError, match=rf"must return a list of synonyms.* Received: {found!r} for 'fox'"):
            room.SynonymReplacement(lambda word, found=found: found)("fox")


def test_phrases_of_a_thesaurus_need_a_segment_function():
    thesaurus = {"New York": ["NYC"]}
    assert room.SynonymReplacement(thesaurus, 1.0)("in New York") == "in New York"
    words = room.SynonymReplacement(thesaurus, 1.0, segment=lambda text: ["in", "New York"])
    assert words("in New York") == "in NYC"


def test_nearest_neighbours_are_those_of_a_plain_loop():
    random = np.random.default_rng(0)
    names = [f"w{i}" for i in range(60)]
    vectors = random.normal(size=(60, 5))
    vectors[7] = 0
    found = room.NearestNeighbours(names, vectors, k=4, min_similarity=0.2).table(names)
    for i, name in enumerate(names):
        scores = {}
        for j in range(60):
            if i != j and 7 not in (i, j):
                scores[names[j]] = vectors[i] @ vectors[j] / np.linalg.norm(vectors[i]) / np.linalg.norm(vectors[j])
        best = sorted((word for word in scores if scores[word] >= 0.2), key=scores.get, reverse=True)[:4]
        assert found[name] == best


def test_nearest_neighbours_in_blocks(monkeypatch):
    module = importlib.import_module("keras_regkit.augmentation.text.nearest_neighbours")
    vectors = np.random.default_rng(1).normal(size=(30, 4))
    names = [str(i) for i in range(30)]
    whole = room.NearestNeighbours(names, vectors).table(names)
    monkeypatch.setattr(module, "_BLOCK", 100)
    assert room.NearestNeighbours(names, vectors).table(names) == whole


def test_nearest_neighbours_in_a_layer():
    thesaurus = room.NearestNeighbours(["Big", "big", "large", "fox"], [[1, 0], [1, 0], [0.9, 0.1], [0, 1]], k=1)
    layer = room.SynonymReplacement(thesaurus, 1.0, seed=1)
    assert layer(["A BIG fox", "unknown"]) == ["A LARGE fox", "unknown"]
    again = type(layer).from_config(layer.get_config())
    assert again(["A BIG fox"]) == ["A LARGE fox"]


@pytest.mark.parametrize(
    ("words", "vectors", "message"),
    [
        (["a", "b"], np.ones((3, 2)), "one row for each of the 2 words. Received: shape"),
        (["a", "a"], np.ones((2, 2)), "each once"),
        (["a"], [[np.nan]], "must be finite"),
    ],
)
def test_tables_that_do_not_fit_are_refused(words, vectors, message):
    with pytest.raises(ValueError, match=message):
        room.NearestNeighbours(words, vectors)
    testing.check_bad_arguments(
        room.NearestNeighbours, room.NearestNeighbours.RANGES, words=["a"], vectors=np.ones((1, 1))
    )


@pytest.fixture
def no_wordnet(monkeypatch):
    for name in ("nltk", "nltk.corpus", "wn"):
        monkeypatch.setitem(sys.modules, name, None)
    _wordnet.wordnet.cache_clear()
    yield monkeypatch
    _wordnet.wordnet.cache_clear()


def test_without_a_library_wordnet_says_what_to_install(no_wordnet):
    layer = room.SynonymReplacement("wordnet")
    with pytest.raises(ImportError, match=r'thesaurus="wordnet" needs `nltk`: pip install "keras-regkit\[text\]"'):
        layer("big")


class Corpus:
    """Stands for nltk's corpus."""

    def __init__(self, is_there):
        self.is_there = is_there

    def synsets(self, word):
        if not self.is_there:
            raise LookupError("Resource wordnet not found.")
        lemmas = {"car": [["car", "motor_car"], ["railcar"]]}.get(word, [])
        return [types.SimpleNamespace(lemma_names=lambda names=names: names) for names in lemmas]


@pytest.mark.parametrize("is_there", [True, False])
def test_wordnet_of_nltk(no_wordnet, is_there):
    corpus = types.ModuleType("nltk.corpus")
    corpus.wordnet = Corpus(is_there)
    no_wordnet.setitem(sys.modules, "nltk", types.ModuleType("nltk"))
    no_wordnet.setitem(sys.modules, "nltk.corpus", corpus)
    layer = room.SynonymReplacement("wordnet", seed=1)
    if is_there:
        assert set(layer(["Car!"] * 30)) == {"Motor car!", "Railcar!"}
    else:
        with pytest.raises(LookupError, match=r"once on each machine: python -m nltk.downloader wordnet"):
            layer("Car!")


LEXICON = """<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE LexicalResource SYSTEM "http://globalwordnet.github.io/schemas/WN-LMF-1.0.dtd">
<LexicalResource xmlns:dc="http://purl.org/dc/elements/1.1/">
<Lexicon id="mini" label="Mini" language="en" email="a@b" license="CC0" version="1">
<LexicalEntry id="mini-car"><Lemma writtenForm="car" partOfSpeech="n"/><Sense id="s1" synset="mini-1"/></LexicalEntry>
<LexicalEntry id="mini-auto"><Lemma writtenForm="motor car" partOfSpeech="n"/><Sense id="s2" synset="mini-1"/>
</LexicalEntry><Synset id="mini-1" ili="" partOfSpeech="n"/></Lexicon></LexicalResource>"""


def test_wordnet_of_wn(monkeypatch, tmp_path):
    wn = pytest.importorskip("wn")
    for name in ("nltk", "nltk.corpus"):
        monkeypatch.setitem(sys.modules, name, None)
    _wordnet.wordnet.cache_clear()
    monkeypatch.setattr(wn.config, "data_directory", tmp_path)
    with pytest.raises(LookupError, match="once on each machine: python -m wn download oewn:2024"):
        room.SynonymReplacement("wordnet")("car")
    (tmp_path / "mini.xml").write_text(LEXICON)
    wn.add(tmp_path / "mini.xml", progress_handler=None)
    assert room.SynonymReplacement("wordnet")("Car!") == "Motor car!"
    _wordnet.wordnet.cache_clear()


# Forms.


FORMS = {
    "list": [SENTENCE, "big dog"],
    "tuple": (SENTENCE, "big dog"),
    "unicode array": np.array([[SENTENCE], ["big dog"]]),
    "objects": np.array([SENTENCE, "big dog"], dtype=object),
    "bytes": np.array([SENTENCE.encode(), b"big dog"]),
    "mixed": [SENTENCE, b"big dog"],
    "nothing": [],
}


def flat(texts):
    values = texts.ravel().tolist() if isinstance(texts, np.ndarray) else list(texts)
    return [value.decode() if isinstance(value, bytes) else value for value in values]


@pytest.mark.parametrize("form", FORMS)
def test_what_comes_out_has_the_form_of_what_came_in(make, form):
    given = FORMS[form]
    new = make(seed=1)(given)
    assert type(new) is type(given)
    wanted = make(seed=1)(flat(given))
    assert flat(new) == wanted
    assert not wanted or wanted != flat(given)
    if isinstance(given, np.ndarray):
        assert new.shape == given.shape
        assert new.dtype.kind == given.dtype.kind
    else:
        assert [type(value) for value in new] == [type(value) for value in given]
    still = make(seed=1)(given, training=False)
    assert type(still) is type(given)
    assert flat(still) == flat(given)


def test_one_string_and_dicts(make):
    one = make(seed=1)(SENTENCE)
    assert isinstance(one, str)
    assert [one] == make(seed=1)([SENTENCE])
    assert make(seed=1)({"text": [SENTENCE], "label": 3}) == {"text": [one], "label": 3}
    assert make(seed=1)({"text": SENTENCE}, training=False) == {"text": SENTENCE}
    with pytest.raises(ValueError, match=r"a dict with 'text'.*Received a dict with: \['words'\]"):
        make()({"words": SENTENCE})


def test_bytes_that_are_no_text_stay_so():
    assert room.RandomSwap(seed=1)(b"ab\xff cd") == b"cd\xff ab"


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (["a", None], r"Received: None of type NoneType at position 1. Put '' for what is missing"),
        (["a", 3.0], r"Received: 3.0 of type float at position 1"),
        (3, "takes a str, a list of str.*Received: int"),
        (np.zeros(3), "Received: an array of float64"),
        ([["a"], ["b"]], r"Received: \['a'\] of type list at position 0"),
    ],
)
def test_what_is_no_text_is_refused(make, bad, message):
    for training in (True, False):
        with pytest.raises(TypeError, match=message):
            make()(bad, training=training)


# Chance.


def test_probability_is_of_each_text(make):
    texts = [f"{SENTENCE} {i}" for i in range(2000)] if make is not MAKE["translation"] else [SENTENCE] * 2000
    for probability in (0.0, 0.3):
        changed = np.mean([a != b for a, b in zip(texts, make(probability=probability, seed=1)(texts), strict=True)])
        assert abs(changed - probability) < 4 * np.sqrt(0.21 / 2000)


def test_seeds():
    texts = [SENTENCE] * 20
    for name, make in MAKE.items():
        if name == "translation":
            continue
        for seed in (0, 7):
            layer = make(seed=seed)
            first = layer(texts)
            assert first == make(seed=seed)(texts)
            assert first != layer(texts), "epochs differ"
            assert first != make(seed=seed + 1)(texts)
            assert layer.get_config()["seed"] == seed
        assert make()(texts) != make()(texts)
    keras.utils.set_random_seed(1)
    first = room.RandomSwap()(texts)
    keras.utils.set_random_seed(1)
    assert room.RandomSwap()(texts) == first


def test_layers_of_one_seed_draw_different_numbers():
    texts = ["a b"] * 64
    swaps = [new != "a b" for new in room.RandomSwap(probability=0.5, seed=1)(texts)]
    deletions = [new != "a b" for new in room.RandomDeletion(1.0, probability=0.5, seed=1)(texts)]
    assert swaps != deletions


# TensorFlow: eager, in datasets, in models.


def dataset_of(texts, batch=None):
    import tensorflow as tf

    dataset = tf.data.Dataset.from_tensor_slices(texts)
    return dataset if batch is None else dataset.batch(batch)


def test_tensors(make):
    tf = pytest.importorskip("tensorflow")
    given = tf.constant([[SENTENCE], ["big שָׁלוֹם dog"]])
    new = make(seed=1)(given)
    assert tf.is_tensor(new)
    assert new.dtype == tf.string
    assert new.shape == (2, 1)
    assert flat(new.numpy()) == make(seed=1)(flat(given.numpy()))
    np.testing.assert_array_equal(make(seed=1)(given, training=False).numpy(), given.numpy())
    assert isinstance(make(seed=1)(tf.constant(SENTENCE)).numpy(), bytes)
    with pytest.raises(TypeError, match=r"takes strings. Received: int32. For ids of tokens"):
        make()(tf.constant([1, 2]))
    with pytest.raises(TypeError, match=r"takes dense tensors of strings. Received: RaggedTensor"):
        make()(tf.ragged.constant([["a"], ["b", "c"]]))


def test_datasets(make):
    pytest.importorskip("tensorflow")
    texts = [f"{SENTENCE} {i}" for i in range(12)]
    for batch in (4, None):
        runs = []
        for seed in (0, 0, 1):
            layer = make(seed=seed)
            dataset = dataset_of(texts, batch).map(layer)
            assert dataset.element_spec.shape.as_list() == ([None] if batch else [])
            runs += [list(dataset.as_numpy_iterator()) for _ in range(2)]
        one = [list(itertools.chain(*run)) if batch else run for run in runs]
        assert len(one[0]) == 12
        assert one[0] == one[2]
        assert one[0] != [text.encode() for text in texts]
        if make is not MAKE["translation"]:
            assert one[0] != one[1], "epochs differ"
            assert one[0] != one[4]
    quiet = dataset_of(texts, 4).map(lambda x: layer(x, training=False))
    assert [b.decode() for x in quiet.as_numpy_iterator() for b in x] == texts


def test_in_the_pipeline_batches_do_not_depend_on_threads():
    pytest.importorskip("tensorflow")
    texts = [f"{SENTENCE} {i}" for i in range(40)]
    seen = []
    for parallel in (1, 4):
        dataset = augmentation.pipeline(
            dataset_of((texts, list(range(40))), 4), room.RandomSwap(), seed=3, parallel=parallel
        )
        seen.append([(new.tolist(), labels.tolist()) for new, labels in dataset.as_numpy_iterator()])
    assert seen[0] == seen[1]
    assert seen[0][0][0] != [text.encode() for text in texts[:4]]
    assert [label for _, labels in seen[0] for label in labels] == list(range(40))


def text_model(layer):
    inputs = keras.Input((), dtype="string")
    vectorize = keras.layers.TextVectorization(output_mode="multi_hot", vocabulary=["quick", "dog", "fast", "hound"])
    return keras.Model(inputs, keras.layers.Dense(1)(keras.ops.cast(vectorize(layer(inputs)), "float32")))


@pytest.mark.skipif(not ON_TENSORFLOW, reason="other backends have no strings")
def test_models_on_tensorflow(tmp_path):
    import tensorflow as tf

    layer = room.SynonymReplacement(THESAURUS, 0.5, seed=1)
    inputs = keras.Input((), dtype="string")
    model = keras.Model(inputs, layer(inputs))
    assert model.output.dtype == "string"
    assert model.output.shape == (None,)
    texts = tf.constant([SENTENCE] * 8)
    np.testing.assert_array_equal(model(texts, training=False), texts)
    assert (model(texts, training=True).numpy() != texts.numpy()).any()
    # Nothing is drawn when it is traced.
    run = tf.function(lambda x: model(x, training=True))
    assert len({tuple(run(texts).numpy().tolist()) for _ in range(4)}) > 1
    model.save(tmp_path / "m.keras")
    for other in (keras.saving.load_model(tmp_path / "m.keras"), keras.models.clone_model(model)):
        np.testing.assert_array_equal(other.predict(texts, verbose=0), texts)
        config = other.layers[-1].get_config()
        assert config == layer.get_config()


@pytest.mark.skipif(not ON_TENSORFLOW, reason="other backends have no strings")
def test_fit_on_tensorflow():
    import tensorflow as tf

    seen = []
    layer = room.RandomSwap(0.5, seed=1, segment=None)
    change = layer.change
    layer.change = lambda texts, random: seen.extend(texts) or change(texts, random)
    model = text_model(layer)
    model.compile("sgd", "mse")
    model.fit(tf.constant([SENTENCE] * 8), np.zeros(8), batch_size=4, epochs=2, verbose=0)
    assert seen == [SENTENCE] * 16
    model.predict(tf.constant([SENTENCE] * 8), verbose=0)
    assert len(seen) == 16


@pytest.mark.skipif(ON_TENSORFLOW, reason="TensorFlow has strings")
def test_models_on_other_backends_are_refused():
    with pytest.raises(ValueError, match="on the TensorFlow backend alone: others have no strings"):
        room.RandomSwap()(keras.Input((), dtype="string"))


def test_models_of_numbers_are_refused():
    if ON_TENSORFLOW:
        with pytest.raises(TypeError, match=r"takes strings. Received: int32"):
            room.RandomSwap()(keras.Input((3,), dtype="int32"))


# Configs and arguments.


ARGUMENTS = {
    room.SynonymReplacement: {"thesaurus": THESAURUS, "rate": 0.2, "stop_words": ["not"], "segment": on_bars},
    room.RandomInsertion: {"thesaurus": echoed, "rate": 1, "stop_words": None, "segment": None},
    room.RandomSwap: {"rate": 0.3, "stop_words": ("a", "b"), "segment": on_bars},
    room.RandomDeletion: {"rate": 0.0, "stop_words": "english", "segment": None},
    room.KeyboardTypos: {"rate": 0.5, "typos": 2, "layout": {"a": "bc"}, "min_length": 1, "stop_words": None},
    room.BackTranslation: {
        "translator": reverse,
        "source": "en",
        "pivots": ["de", "fr"],
        "batch_size": 3,
        "retries": 0,
        "back_off": 0.5,
        "store": None,
        "verbose": 0,
    },
}


@pytest.mark.parametrize("cls", ARGUMENTS, ids=lambda cls: cls.__name__)
def test_configs_come_back(cls):
    arguments = {**ARGUMENTS[cls], "probability": 0.5, "seed": 0, "name": "mine"}
    layer = cls(**arguments)
    written = keras.saving.serialize_keras_object(layer)
    again = keras.saving.deserialize_keras_object(written)
    assert type(again) is cls
    for one in (layer, again):
        for name, value in arguments.items():
            assert getattr(one, name) == value
            assert name in one.get_config()
    plain = {name for name, value in arguments.items() if not callable(value)}
    assert {name: layer.get_config()[name] for name in plain} == {name: arguments[name] for name in plain}
    assert layer([SENTENCE, "a|b"] * 4) == again([SENTENCE, "a|b"] * 4)


@pytest.mark.parametrize("cls", ARGUMENTS, ids=lambda cls: cls.__name__)
def test_bad_arguments_are_refused(cls):
    testing.check_bad_arguments(cls, cls.RANGES, **ARGUMENTS[cls])


def test_a_thesaurus_named_wrongly():
    with pytest.raises(ValueError, match="Did you mean 'wordnet'"):
        room.SynonymReplacement("word_net")
