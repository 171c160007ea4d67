"""Recurrent units that keep their state."""

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import RECURRENT, all_layers
from keras_regkit.levers.hidden import edited, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import replace
from keras_regkit.surgery.rebuild import check_rewritable

_SHARED = ("return_sequences", "go_backwards", "stateful", "unroll", "zero_output_for_mask", "dtype", "trainable")


def _set(model, rate):
    check_rewritable(model)
    found = all_layers(model)
    present = [layer for layer in found if isinstance(getattr(layer, "cell", None), layers.Zoneout)]
    if present:
        return replace(model, only(present), lambda layer: _with_rate(layer, rate))
    fit = [layer for layer in found if type(layer) in RECURRENT and _fits(layer)] if rate else []
    return replace(model, only(fit), lambda layer: _with_zoneout(layer, rate))


def _fits(layer):
    """Whether nothing stands against it: dropout within the cell, or states that other layers count."""
    return not (layer.dropout or layer.recurrent_dropout or layer.return_state)


def _with_zoneout(layer, rate):
    cell = type(layer.cell).from_config(layer.cell.get_config())
    cell.build((None, layer.cell.kernel.shape[0]))
    cell.set_weights(layer.cell.get_weights())
    config = layer.get_config()
    return keras.layers.RNN(
        layers.Zoneout(cell, rate, rate),
        name=f"{layer.name}_zoneout",
        activity_regularizer=layer.activity_regularizer,
        **{name: config[name] for name in _SHARED if name in config},
    )


def _with_rate(layer, rate):
    zoneout = edited(layer.cell, rate_hidden=rate, rate_cell=rate)
    return zoneout and edited(layer, cell=keras.saving.serialize_keras_object(zoneout))


ZONEOUT = Lever(
    name="zoneout",
    title="Zoneout",
    family="noise",
    strength="rate: the share of hidden and memory units that keep their previous state at a step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.05, 0.15),
    equation="h_t = m · h_(t−1) + (1 − m) · h'_t, m ~ Bernoulli(rate); its expected value in inference",
    use_when="recurrent layers overfit and dropout on the recurrence breaks their memory",
    trade_off="RNN with a cell is slower than the fused LSTM and GRU layers on a GPU",
    interactions=(("locked_dropout", "acts on what goes into the layer, this on the recurrence: they go together"),),
    source="Krueger et al. 2017, Zoneout, section 3",
    rewrite=_set,
    usage="keras.layers.RNN(layers.Zoneout(keras.layers.LSTMCell(64), rate_hidden=0.05, rate_cell=0.5))",
)
