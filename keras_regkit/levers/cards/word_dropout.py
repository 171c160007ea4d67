"""Replacing single tokens."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

WORD_DROPOUT = Lever(
    name="word_dropout",
    title="Word dropout",
    family="noise",
    strength="rate: the share of tokens replaced in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.1, 0.3),
    equation="y_t = unknown word with probability rate, else x_t; protected tokens stay",
    use_when="a text model must cope with unknown words, or a decoder ignores what it is conditioned on",
    trade_off="only the person who made the vocabulary knows which ids to put in and which to protect",
    interactions=(("embedding_dropout", "drops a word wherever it stands, this one single tokens"),),
    source="Bowman et al. 2016, Generating Sentences from a Continuous Space, section 3.1",
    usage="layers.WordDropout(0.1, replacement=1, protected=(0,))  # before the Embedding",
)
