"""Dropping whole words."""

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import all_layers, wrap
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.lever import Lever


def _set(model, rate):
    def put():
        embeddings = [layer for layer in all_layers(model) if type(layer) is keras.layers.Embedding] if rate else []
        return wrap(
            model, embeddings, lambda layer, name: layers.EmbeddingDropout(layer, rate, name=name), "embedding_dropout"
        )

    return set_everywhere(model, layers.EmbeddingDropout, {"rate": rate}, put)


EMBEDDING_DROPOUT = Lever(
    name="embedding_dropout",
    title="Embedding dropout",
    family="noise",
    strength="rate: the share of the vocabulary whose vectors are dropped in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.1, 0.2),
    equation="E'_v = E_v · m_v / (1 − rate), m_v ~ Bernoulli(1 − rate) per word v, in training only",
    use_when="a text model leans on single words",
    trade_off="a word that is dropped is lost everywhere in the batch: keep the rate low",
    interactions=(
        ("word_dropout", "drops single occurrences instead of words"),
        ("locked_dropout", "its partner behind the embedding"),
    ),
    source="Gal & Ghahramani 2016, A Theoretically Grounded Application of Dropout in RNNs, section 4.2",
    rewrite=_set,
)
