"""Words that carry little meaning of their own."""

# Articles, pronouns, prepositions, conjunctions, auxiliaries and the commonest adverbs.
_WORDS = """
a an the this that these those
i me my mine myself we us our ours ourselves you your yours yourself yourselves he him his himself she her hers
herself it its itself they them their theirs themselves one who whom whose which what
am is are was were be been being have has had having do does did doing will would shall should can could may might
must ought cannot
i'm you're he's she's it's we're they're i've you've we've they've i'd you'd he'd she'd we'd they'd i'll you'll he'll
she'll we'll they'll isn't aren't wasn't weren't hasn't haven't hadn't doesn't don't didn't won't wouldn't shan't
shouldn't can't couldn't mustn't let's that's who's what's here's there's when's where's why's how's
and but or nor if because as until while although though unless than so yet
of at by for with about against between into through during before after above below to from up down in out on off
over under upon within without along across behind beside besides among toward towards onto via per
again further then once here there when where why how all any both each few more most other some such no not only
own same too very just also ever never now every either neither
"""
ENGLISH = frozenset(word for spelling in (_WORDS, _WORDS.replace("'", "’")) for word in spelling.split())


class StopWords:
    """What `stop_words` may be: None, the name of a list, or the words themselves."""

    def check(self, name, value):
        """Returns `value`; raises `TypeError` or `ValueError` where it is nothing of these."""
        if isinstance(value, str) and value != "english":
            raise ValueError(
                f'`{name}` must be "english", a list of words, or None. Received: {value!r}. For other languages, '
                "give the words"
            )
        if not (value is None or isinstance(value, str)) and (
            not isinstance(value, list | tuple) or not all(isinstance(word, str) for word in value)
        ):
            raise TypeError(f'`{name}` must be "english", a list of words, or None. Received: {value!r:.80}')
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        return [("klingon", ValueError), (3, TypeError), ([3], TypeError)]


def words_of(stop_words):
    """Returns the set of lower-case words that `stop_words` means."""
    if stop_words == "english":
        return ENGLISH
    return frozenset(word.lower() for word in stop_words or ())
