"""The case of words."""


def cased_like(word, other):
    """Returns `other` in the case of `word`: in capitals, or with a capital letter, or else as it is."""
    if word.islower():
        return other
    if word.isupper() and sum(character.isalpha() for character in word) > 1:
        return other.upper()
    # One capital letter, as in "A", begins a sentence.
    if word[:1].isupper() and word[1:] == word[1:].lower():
        return other[:1].title() + other[1:]
    return other
