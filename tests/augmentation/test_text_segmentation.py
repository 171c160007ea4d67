"""Texts in words: in every script, and back to the same text."""

import importlib.util
import re
import unicodedata

import pytest

from keras_regkit.augmentation.text import RandomDeletion, RandomSwap
from keras_regkit.augmentation.text import _segmentation as segmentation
from keras_regkit.augmentation.text._segmentation import Remembered, keeps_apart, split

FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467\u200d\U0001f466"
THUMB = "\U0001f44d\U0001f3fd"
ENGLAND = "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f"

WORDS = {
    "The quick, brown fox!": ["The", "quick", "brown", "fox"],
    "don't rock'n'roll 'quoted'": ["don't", "rock'n'roll", "quoted"],
    "3.14 1,000,000 a,b e.g. 5,": ["3.14", "1,000,000", "a", "b", "e.g", "5"],
    "well-known snake_case me@home.org": ["well", "known", "snake_case", "me@home.org"],
    "L’été, naïve": ["L’été", "naïve"],
    "cafe\u0301 re\u0301sume\u0301": ["cafe\u0301", "re\u0301sume\u0301"],
    "हिन्दी में क्षत्रिय": ["हिन्दी", "में", "क्षत्रिय"],
    "שָׁלוֹם, עולם! צה״ל": ["שָׁלוֹם", "עולם", "צה״ל"],
    "اَلسَّلَامُ عليكم می‌خواهم": ["اَلسَّلَامُ", "عليكم", "می‌خواهم"],
    "我爱北京。": ["我", "爱", "北", "京"],
    "カタカナです": ["カタカナ", "で", "す"],
    "か\u3099ぎ": ["か\u3099", "ぎ"],
    "ที่ ๑๒": ["ที่", "๑๒"],
    "안녕 세계": ["안녕", "세계"],
    f"{FAMILY} good{THUMB} job": [FAMILY, "good", THUMB, "job"],
    "\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7": ["\U0001f1e9\U0001f1ea", "\U0001f1eb\U0001f1f7"],
    f"{ENGLAND}x 1\ufe0f\u20e3 \u2764\ufe0f": [ENGLAND, "x", "1\ufe0f\u20e3", "\u2764\ufe0f"],
    "\u2066left\u2069 \u200fright": ["left", "right"],
    "": [],
    " \t\n": [],
    "?!…": [],
}


@pytest.mark.parametrize("text", WORDS)
def test_words_and_what_is_between(text):
    pieces = split(text)
    assert pieces[1::2] == WORDS[text]
    assert "".join(pieces) == text
    assert len(pieces) % 2 == 1


def test_ascii_has_the_rules_of_all_texts():
    texts = ["The quick, brown fox's 3.14 or 1,000 a.b@c x,y _z 5,x x,5 'a' b--c", "a'1'b", ",1,2,,3", "..a..b.1.c@"]
    for text in texts:
        # A letter beyond ASCII at the end takes the other way.
        assert split(f"{text} ö") == [*split(f"{text} o")[:-2], "ö", ""]


def test_no_word_begins_with_a_mark_or_ends_within_a_cluster():
    text = f"x\u0301y\u0323 {FAMILY}{THUMB} e\u0301\u0301 की का\u093f ที่นี่ か\u3099"
    for word in split(text)[1::2]:
        assert unicodedata.category(word[0])[0] != "M"
        assert word[0] not in "\u200d\ufe0f\U0001f3fd"


def test_two_words_that_would_become_one():
    assert keeps_apart("我", "cat")
    assert keeps_apart(THUMB, "cat")
    assert not keeps_apart("dog", "cat")


def test_a_segment_function_of_ones_own():
    assert split("我爱 北京。", lambda text: ["我", "爱", "北京"]) == ["", "我", "", "爱", " ", "北京", "。"]
    everything = lambda text: re.findall(r"\w+|\W", text)  # noqa: E731
    assert split("Hi, you!", everything) == ["", "Hi", ", ", "you", "!"]
    with pytest.raises(ValueError, match=r"must return the words of a text as they stand in it.*Received: 'hi,'"):
        split("Hi, you!", lambda text: text.lower().split())


def test_remembered_forgets():
    calls = []
    remembered = Remembered(lambda text: calls.append(text) or text.upper(), characters=200)
    assert [remembered(text) for text in ("a", "b", "a")] == ["A", "B", "A"]
    assert calls == ["a", "b"]
    for number in range(10):
        remembered(str(number))
    assert len(remembered._known) <= 3


if importlib.util.find_spec("hypothesis"):
    from hypothesis import given, settings
    from hypothesis import strategies as st

    NOTHING, SWAP, DELETE = [RandomSwap(0.0), RandomDeletion(0.0)], RandomSwap(0.5, seed=1), RandomDeletion(0.4, seed=2)
    SOME = ["one", "Two", "θρία", "我", THUMB, "e\u0301t\u00e9", "5"]
    TEXTS = st.text(
        st.one_of(
            st.sampled_from(
                list("aZ9 .,'@-\n\u0301\u200d\ufe0f\U0001f469\U0001f44d\U0001f3fd\U0001f1e9我かカ한הع\u0e35")
            ),
            st.characters(exclude_categories=["Cs"]),
        ),
        max_size=40,
    )

    @settings(max_examples=300, deadline=None)
    @given(TEXTS)
    def test_pieces_join_to_the_text(text):
        pieces = split(text)
        assert "".join(pieces) == text
        assert len(pieces) % 2 == 1
        assert all(pieces[1::2])

    @settings(max_examples=200, deadline=None)
    @given(TEXTS)
    def test_nothing_changed_is_the_same_text(text):
        assert [layer(text) for layer in NOTHING] == [text, text]

    @settings(max_examples=300, deadline=None)
    @given(TEXTS)
    def test_words_that_are_swapped_stay_whole(text):
        pieces, after = split(text), SWAP(text)
        assert sorted(after) == sorted(text)
        words = f"({'|'.join(map(re.escape, pieces[1::2]))})"
        assert re.fullmatch(words.join(map(re.escape, pieces[::2])), after)

    @settings(max_examples=300, deadline=None)
    @given(st.lists(st.sampled_from(SOME), min_size=1, max_size=12))
    def test_deleted_words_leave_the_others_in_order(words):
        text = ", ".join(words)
        kept = split(DELETE(text))[1::2]
        rest = iter(words)
        assert kept
        assert all(word in rest for word in kept)
else:

    def test_properties():
        pytest.importorskip("hypothesis")


def test_the_pattern_for_all_scripts_is_made_once():
    assert segmentation._unicode_words() is segmentation._unicode_words()
