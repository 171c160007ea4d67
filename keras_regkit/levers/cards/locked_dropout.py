"""The same dropout at all steps of a sequence."""

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import all_layers
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.hidden import only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import insert_after

_RECURRENT = (keras.layers.RNN, keras.layers.Bidirectional)
_EMBEDDINGS = (keras.layers.Embedding, layers.EmbeddingDropout)


def _set(model, rate):
    def put():
        places = _makers_of_sequences(model) if rate else []
        return insert_after(
            model, only(places), lambda layer: layers.LockedDropout(rate, name=f"locked_dropout_after_{layer.name}")
        )

    return set_everywhere(model, layers.LockedDropout, {"rate": rate}, put)


def _makers_of_sequences(model):
    """The recurrent layers that return sequences, and the embeddings of a model that has recurrent layers."""
    found = all_layers(model)
    recurrent = any(isinstance(layer, _RECURRENT) for layer in found)
    makers = (*_RECURRENT, *(_EMBEDDINGS if recurrent else ()))
    return [layer for layer in found if isinstance(layer, makers) and _is_sequence(layer.output)]


def _is_sequence(output):
    return not isinstance(output, list | tuple) and len(output.shape) == 3


LOCKED_DROPOUT = Lever(
    name="locked_dropout",
    title="Locked (variational) dropout",
    family="noise",
    strength="rate: the share of features dropped, the same at all steps of a sequence",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.2, 0.4),
    equation="y_t = x_t · m / (1 − rate), m ~ Bernoulli(1 − rate) per sample and feature, in training only",
    use_when="recurrent models overfit",
    trade_off="stronger than dropout at the same rate; slower to converge",
    interactions=(
        ("dropout", "between recurrent layers, this takes its place"),
        ("zoneout", "acts on the recurrence itself, this on what goes into it"),
        ("embedding_dropout", "its partner at the embedding"),
    ),
    source="Gal & Ghahramani 2016, A Theoretically Grounded Application of Dropout in RNNs, section 4",
    rewrite=_set,
)
