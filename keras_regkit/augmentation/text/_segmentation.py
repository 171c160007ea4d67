"""Texts in words and what is between them, in any script, so that the pieces join to the very same text."""

import functools
import re
import unicodedata

# Unicode's annex 29: a point or an apostrophe between letters is part of the word, a comma between digits. An at sign
# keeps addresses whole.
_ASCII_WORDS = re.compile(r"([A-Za-z0-9_]++(?:['.@][A-Za-z0-9_]++|,(?<=[0-9],)[0-9]++)*+)")

# Scripts that put no spaces between words: Thai, Lao, Burmese, Khmer, hiragana, bopomofo, Han; without their digits.
_UNSPACED = (
    "\u0e01-\u0e3a\u0e40-\u0e4e\u0e81-\u0ecf\u0edc-\u0edf\u1000-\u103f\u1050-\u108f\u109a-\u109d\u1780-\u17d3\u17dc\u17dd"
    "\uaa60-\uaa7f\u3005-\u3007\u3041-\u3096\u309d-\u309f\u3105-\u312f\u31a0-\u31bf\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
    "\U0001b001-\U0001b122\U00020000-\U0003ffff"
)
_KATAKANA = "\u30a1-\u30fa\u30fc-\u30ff\u31f0-\u31ff\uff66-\uff9f\U0001b000"
# A virama joins the letter that follows it to its own, in Khmer and Burmese.
_JOINS_NEXT = "\u17d2\u1039"
_INNER = "'.@\u2019\u00b7\u05f3\u05f4"
# Beyond the first plane, blocks of letters and their marks: hundreds of ranges would be looked through at every space.
_FAR_LETTERS = "\U00010000-\U0001afff\U0001d400-\U0001d7ff\U0001e000-\U0001efff"
_FAR_MARKS = "\U000e0100-\U000e01ef"
_PICTURES = "\u2300-\u23ff\u2600-\u27bf\u2b00-\u2bff\U0001f000-\U0001f1e5\U0001f200-\U0001faff"


def split(text, segment=None):
    """Returns the pieces of a text, by turns what is between words and a word: `[gap, word, gap, …, word, gap]`.

    Words are runs of letters, digits and combining marks; an emoji is a word, however many characters it has; in
    scripts without spaces so is each character with its marks. Gaps may be empty. `"".join(split(text)) == text`.

    Args:
        text: Any string.
        segment: Function of a text that returns its words, for scripts without spaces, or None.
    """
    if segment is not None:
        return _aligned(text, segment)
    return (_ASCII_WORDS if text.isascii() else _unicode_words()).split(text)


def keeps_apart(left, right):
    """Whether two words stay two without a space between them."""
    return len(split(left + right)) > len(split(left)) + len(split(right)) - 2


def is_unspaced(character):
    """Whether a character belongs to a script that puts no spaces between words."""
    return _unspaced_pattern().match(character) is not None


@functools.cache
def _unspaced_pattern():
    return re.compile(f"[{_UNSPACED}{_KATAKANA}]")


@functools.cache
def _unicode_words():
    """Returns the pattern for all scripts. The `re` of the standard library knows no marks: they are listed here."""
    marks = _ranges(is_mark)
    # U+200C and U+200D join letters, or keep them apart, within a word of Persian or Hindi.
    marks += f"\u200c\u200d{_FAR_MARKS}"
    unspaced = _unspaced_pattern()
    letters = _ranges(lambda c: (c.isalnum() or c == "_") and not unspaced.match(c)) + _FAR_LETTERS
    word = f"[{letters}][{letters}{marks}]*"
    katakana = f"[{_KATAKANA}][{_KATAKANA}{marks}]*"
    character = f"[{_UNSPACED}](?:[{marks}]|(?<=[{_JOINS_NEXT}])[{_UNSPACED}])*"
    picture = f"(?:[{_PICTURES}]|\\S\ufe0f)[\ufe0f\ufe0e\U0001f3fb-\U0001f3ff\u20e3\U000e0020-\U000e007f]*"
    flag = "[\U0001f1e6-\U0001f1ff]{1,2}"
    return re.compile(
        f"({word}(?:[{_INNER}]{word}|,(?<=[0-9],)[0-9]+)*|{katakana}|{character}|{picture}(?:\u200d{picture})*|{flag})"
    )


def is_mark(character):
    """Whether a character, or none, is a combining mark."""
    return bool(character) and unicodedata.category(character)[0] == "M"


def _ranges(belongs):
    """Returns the characters of the first plane that belong, as in brackets of a pattern."""
    found = [code for code in range(0x10000) if belongs(chr(code))]
    ends = [i for i, code in enumerate(found) if i + 1 == len(found) or found[i + 1] != code + 1]
    starts = [0, *(i + 1 for i in ends[:-1])]
    return "".join(f"{chr(found[a])}-{chr(found[b])}" for a, b in zip(starts, ends, strict=True))


def _aligned(text, segment):
    """Returns the pieces of a text whose words come from a function, which may leave out what is between them."""
    pieces, gap, end = [], "", 0
    for token in segment(text):
        start = text.find(token, end) if isinstance(token, str) else -1
        if start < 0:
            raise ValueError(
                "`segment` must return the words of a text as they stand in it, in order. "
                f"Received: {token!r}, which is not in {text[end:]!r:.80}"
            )
        gap, end = gap + text[end:start], start + len(token)
        if any(character.isalnum() for character in token) or len(split(token)) > 1:
            pieces += [gap, token]
            gap = ""
        else:
            gap += token
    return [*pieces, gap + text[end:]]


class Remembered:
    """A function of texts that remembers what it returned, for about so many characters; then it begins anew.

    Args:
        function: Function of a text. What it returns is not to be changed.
        characters: How many characters of texts are remembered.
    """

    def __init__(self, function, characters=2**21):
        self._function = function
        self._limit = self._room = characters
        self._known = {}

    def __call__(self, text):
        found = self._known.get(text)
        if found is None:
            found = self._function(text)
            self._room -= len(text) + 64
            if self._room < 0:
                self._known, self._room = {}, self._limit
            self._known[text] = found
        return found
