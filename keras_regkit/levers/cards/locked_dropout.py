"""The same dropout at all steps of a sequence."""

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._rates import set_everywhere
from keras_regkit.levers.hidden import after_weights, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import insert_before

_RECURRENT = (keras.layers.RNN, keras.layers.Bidirectional)


def _set(model, rate):
    def put():
        recurrent = [layer for layer in after_weights(model) if isinstance(layer, _RECURRENT)] if rate else []
        return insert_before(
            model, only(recurrent), lambda layer: layers.LockedDropout(rate, name=f"locked_dropout_before_{layer.name}")
        )

    return set_everywhere(model, layers.LockedDropout, {"rate": rate}, put)


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
