"""Back-translation: what is translated, how often, and what is left after a crash."""

import os
import signal
import sqlite3
import subprocess
import sys
import threading
import types

import numpy as np
import pytest

from keras_regkit.augmentation import text as room
from keras_regkit.augmentation.text import _translating
from keras_regkit.augmentation.text._translation_store import TranslationStore


class Translator:
    """Marks the way that a text has gone, and counts the calls."""

    name = "marks"

    def __init__(self):
        self.calls = []

    def __call__(self, texts, source, target):
        self.calls.append((source, target, list(texts)))
        return [f"{text}>{target}" for text in texts]

    @property
    def texts(self):
        return [(source, target, text) for source, target, texts in self.calls for text in texts]


def make(translator, **more):
    return room.BackTranslation(translator, **{"back_off": 0, "verbose": 0, "seed": 1, **more})


def test_there_and_back():
    translator = Translator()
    assert make(translator, pivots=["fr"])(["one", "two"]) == ["one>fr>en", "two>fr>en"]
    assert translator.calls == [("en", "fr", ["one", "two"]), ("fr", "en", ["one>fr", "two>fr"])]


def test_languages_are_drawn_for_each_text():
    pivots = ["de", "fr", "cs"]
    new = make(Translator(), pivots=pivots)([f"text {i}" for i in range(1500)])
    counts = [sum(f">{pivot}>" in text for text in new) for pivot in pivots]
    assert sum(counts) == 1500
    assert all(abs(count - 500) < 4 * np.sqrt(1500 * 2 / 9) for count in counts)
    assert make(Translator(), pivots=pivots, seed=2)(["a"] * 50) != make(Translator(), pivots=pivots)(["a"] * 50)


def test_nothing_is_translated_twice():
    translator = Translator()
    layer = make(translator)
    assert layer(["a", "b", "a"]) == ["a>de>en", "b>de>en", "a>de>en"]
    assert layer(["b", "c"]) == ["b>de>en", "c>de>en"]
    assert len(translator.texts) == len(set(translator.texts)) == 6


def test_batches():
    translator = Translator()
    make(translator, batch_size=4)([str(i) for i in range(10)])
    assert [len(texts) for _, _, texts in translator.calls] == [4, 4, 2] * 2


def test_spaces_stay_and_what_has_no_letters_is_left_alone():
    translator = Translator()
    texts = ["  Hi there!\n", "", " ", "?!", "\U0001f44d", "\ud800"]
    assert make(translator)(texts) == ["  Hi there!>de>en\n", *texts[1:]]
    assert [text for *_, text in translator.texts] == ["Hi there!", "Hi there!>de"]


def test_a_translation_of_nothing_changes_nothing():
    assert make(lambda texts, source, target: [" "] * len(texts))(["one"]) == ["one"]
    assert make(lambda texts, source, target: ["" if target == "en" else "eins"])(["one"]) == ["one"]


def test_prepare_translates_by_every_language(tmp_path):
    translator, path = Translator(), tmp_path / "new" / "store.sqlite"
    make(translator, pivots=["de", "fr"], store=path).prepare(np.array(["one", "two", "one"]))
    assert len(translator.texts) == 8
    other = Translator()
    layer = make(other, pivots=["de", "fr"], store=str(path))
    assert set(layer(["one"] * 30)) == {"one>de>en", "one>fr>en"}
    assert other.calls == []
    assert layer.store == str(path)


def test_translators_have_translations_of_their_own(tmp_path):
    path = tmp_path / "store.sqlite"
    make(Translator(), store=path)(["one"])
    other = Translator()
    other.name = "others"
    make(other, store=path)(["one"])
    assert len(other.calls) == 2


# Failures.


class Failing(Translator):
    """Raises in some of its calls."""

    def __init__(self, calls):
        super().__init__()
        self.failing = calls
        self.count = 0

    def __call__(self, texts, source, target):
        self.count += 1
        if self.count in self.failing:
            raise OSError("no network")
        return super().__call__(texts, source, target)


@pytest.fixture
def waits(monkeypatch):
    seen = []
    monkeypatch.setattr(_translating, "time", types.SimpleNamespace(sleep=seen.append))
    return seen


def test_calls_are_repeated_after_longer_and_longer_waits(waits):
    translator = Failing({1, 2, 3})
    assert make(translator, retries=3, back_off=0.5)(["one"]) == ["one>de>en"]
    assert waits == [0.5, 1.0, 2.0]


def test_a_translator_that_goes_on_failing_loses_nothing(waits, tmp_path):
    path = tmp_path / "store.sqlite"
    translator = Failing({3, 4, 5})
    texts = [str(i) for i in range(10)]
    message = (
        r"translator 'marks' failed 3 times in a row, last with OSError: no network. "
        r"8 of 10 translations from 'en' to 'de' are kept in .*store.sqlite'. Run it again to go on from there"
    )
    layer = make(translator, retries=2, batch_size=4, store=path)
    with pytest.raises(RuntimeError, match=message) as caught:
        layer(texts)
    assert isinstance(caught.value.__cause__, OSError)
    assert len(waits) == 2
    assert layer(texts) == [f"{i}>de>en" for i in range(10)]
    assert len(translator.texts) == len(set(translator.texts)) == 20


def test_without_a_store_they_are_kept_in_memory(waits):
    translator = Failing({2})
    layer = make(translator, retries=0, batch_size=1)
    with pytest.raises(RuntimeError, match=r"1 of 2 translations .* are kept in memory, until this process ends"):
        layer(["a", "b"])
    assert layer(["a", "b"]) == ["a>de>en", "b>de>en"]
    assert len(translator.texts) == 4


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (lambda texts: texts[:-1], "one text for each of the 2 that it is given, in order. Received: 1 texts"),
        (lambda texts: [*texts, "more"], "Received: 3 texts"),
        (lambda texts: [None, "x"], "Received: None among them"),
        (lambda texts: "two texts", "must return a list of texts. Received: 'two texts'"),
        (lambda texts: None, "must return a list of texts. Received: None"),
        (lambda texts: set(texts), "must return a list of texts. Received: {"),
        (lambda texts: ["\ud800", "x"], r"Received: '\\ud800' among them"),
    ],
)
def test_what_is_no_translation_is_refused(waits, tmp_path, wrong, message):
    first = Translator()

    def translator(texts, source, target):
        return first(texts, source, target) if not first.calls else wrong(texts)

    layer = make(translator, batch_size=2, store=tmp_path / "s.sqlite")
    with pytest.raises(ValueError, match=message) as caught:
        layer(["a", "b", "c", "d"])
    assert "2 of 4 translations from 'en' to 'de' are kept in" in str(caught.value)
    assert waits == [], "asking again brings the same"


def test_what_is_not_installed_is_said_at_once(waits):
    def translator(texts, source, target):
        raise ImportError("install it")

    with pytest.raises(ImportError, match="install it"):
        make(translator)(["a"])
    assert waits == []


def test_an_interrupt_is_no_failure(waits, tmp_path):
    class Interrupted(Translator):
        def __call__(self, texts, source, target):
            if len(self.calls) == 1:
                self.calls.append(("", "", []))
                raise KeyboardInterrupt
            return super().__call__(texts, source, target)

    layer = make(Interrupted(), batch_size=1, store=tmp_path / "s.sqlite")
    with pytest.raises(KeyboardInterrupt):
        layer(["a", "b"])
    assert TranslationStore(str(tmp_path / "s.sqlite")).find(("marks", "en", "de"), ["a", "b"]) == {"a": "a>de"}


def test_within_a_dataset_the_message_arrives(waits):
    tf = pytest.importorskip("tensorflow")
    layer = make(Failing(range(100)), retries=1)
    with pytest.raises(tf.errors.OpError, match="failed 2 times in a row"):
        list(tf.data.Dataset.from_tensor_slices(["a"]).map(layer))


# The store.


def test_the_store_takes_thousands_of_texts_and_any_of_them(tmp_path):
    store = TranslationStore(str(tmp_path / "s.sqlite"))
    texts = [f"{i} 'quoted' \"twice\" \x00 שלום \U0001f44d\n" for i in range(1200)]
    store.add(("t", "en", "de"), texts, [text.upper() for text in texts])
    store.add(("t", "en", "de"), texts[:1], ["what came first stays"])
    assert store.find(("t", "en", "de"), [*texts, "other"]) == {text: text.upper() for text in texts}
    assert store.find(("t", "de", "en"), texts) == {}


def test_another_file_is_no_store(tmp_path):
    path = tmp_path / "notes.txt"
    path.write_text("nothing of the kind, but long enough to be looked at" * 20)
    with pytest.raises(ValueError, match=r"`store` must be the path of a store of translations.*notes.txt"):
        make(Translator(), store=path)(["a"])
    assert path.read_text().startswith("nothing of the kind")


def test_threads_share_a_layer(tmp_path):
    translator = Translator()
    layer = make(translator, store=tmp_path / "s.sqlite", batch_size=2)
    results = []
    work = lambda: results.append(layer([f"t{i}" for i in range(20)]))  # noqa: E731
    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert results == [[f"t{i}>de>en" for i in range(20)]] * 4
    assert len(translator.texts) == len(set(translator.texts)) == 40


# The package without what it imports, which takes long.
_KILLED = """
import sys, time, types
for name in ("keras_regkit", "keras_regkit.augmentation", "keras_regkit.augmentation.text"):
    sys.modules[name] = types.ModuleType(name)
sys.modules[name].__path__ = [{folder!r}]
from keras_regkit.augmentation.text._translating import Translating

class Translator:
    name = "marks"

    def __call__(self, texts, source, target):
        print(*texts, sep="\\n", flush=True)
        if texts[0] == "24":
            time.sleep(60)
        return [text + ">" + target for text in texts]

Translating(Translator(), 4, 0, 0, {path!r}).translate([str(i) for i in range(40)], "en", "de", lambda done: None)
"""


@pytest.mark.skipif(os.name != "posix", reason="kills a process")
def test_after_a_kill_it_goes_on_where_it_was(tmp_path):
    path = str(tmp_path / "s.sqlite")
    folder = os.path.dirname(room.__file__)
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED.format(folder=folder, path=path)], stdout=subprocess.PIPE, text=True
    )
    begun = []
    for line in process.stdout:
        begun.append(line.strip())
        if begun[-1] == "27":
            break
    process.send_signal(signal.SIGKILL)
    process.wait()
    process.stdout.close()
    assert len(begun) == 28
    assert sqlite3.connect(path).execute("SELECT count(*) FROM translations").fetchone() == (24,)
    translator = Translator()
    new = make(translator, store=path)([str(i) for i in range(40)])
    assert new == [f"{i}>de>en" for i in range(40)]
    assert [text for source, _, text in translator.texts if source == "en"] == [str(i) for i in range(24, 40)]


# Progress.


def test_progress_shows_what_takes_long(monkeypatch, capsys):
    from keras_regkit._core import progress

    make(Translator(), verbose=1)(["a", "b"])
    assert capsys.readouterr().out == ""
    monkeypatch.setattr(progress, "_QUIET_SECONDS", -1)
    make(Translator(), verbose=1, batch_size=1)(["a", "b"])
    assert "text" in capsys.readouterr().out
    make(Translator(), verbose=0)(["a", "b"])
    assert capsys.readouterr().out == ""


# Libraries that translate, with stand-ins for them.


def test_argos(monkeypatch):
    class Language:
        def __init__(self, code, to=()):
            self.code, self.to = code, to

        def get_translation(self, other):
            one = types.SimpleNamespace(translate=lambda text: f"{text}>{other.code}")
            return one if other.code in self.to else None

    languages = [Language("en", ["de"]), Language("de", ["en"]), Language("fr")]
    module = types.ModuleType("argostranslate.translate")
    module.get_installed_languages = lambda: languages
    monkeypatch.setitem(sys.modules, "argostranslate", types.ModuleType("argostranslate"))
    monkeypatch.setitem(sys.modules, "argostranslate.translate", module)
    assert make(room.ArgosTranslator())(["one", "two"]) == ["one>de>en", "two>de>en"]
    for pivot in ("fr", "cs"):
        with pytest.raises(ImportError, match=f"argospm install translate-en_{pivot}"):
            make(room.ArgosTranslator(), pivots=[pivot])(["one"])


def test_transformers(monkeypatch):
    class Batch(dict):
        def to(self, device):
            assert device == "here"
            return self

    class Auto:
        def __init__(self, name):
            self.name, self.device = name, "here"

        @classmethod
        def from_pretrained(cls, name):
            return cls(name)

        def __call__(self, texts, return_tensors, padding, truncation):
            assert (return_tensors, padding, truncation) == ("pt", True, True)
            return Batch(input_ids=texts)

        def generate(self, input_ids, num_beams):
            return [f"{text}>{self.name[-2:]}{num_beams}" for text in input_ids]

        def batch_decode(self, ids, skip_special_tokens):
            return ids

    module = types.ModuleType("transformers")
    module.AutoTokenizer = module.AutoModelForSeq2SeqLM = Auto
    monkeypatch.setitem(sys.modules, "transformers", module)
    translator = room.TransformersTranslator(options={"num_beams": 2})
    assert make(translator)(["one"]) == ["one>de2>en2"]
    again = type(translator).from_config(translator.get_config())
    assert again.name == translator.name != room.TransformersTranslator().name


@pytest.mark.parametrize(
    ("translator", "package"),
    [(room.ArgosTranslator(), "argostranslate"), (room.TransformersTranslator(), "transformers")],
)
def test_missing_libraries_say_how_to_install_them(monkeypatch, translator, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=f"needs `{package}`: pip install"):
        make(translator)(["one"])


def test_languages_must_differ_and_models_must_name_them():
    with pytest.raises(ValueError, match=r"`pivots` must be other languages than `source`. Received: 'en'"):
        make(Translator(), pivots=["de", "en"])
    with pytest.raises(ValueError, match=r"with \{source\} and \{target\} in it.*Received: 'opus'"):
        room.TransformersTranslator("opus")
