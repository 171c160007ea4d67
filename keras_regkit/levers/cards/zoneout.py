"""Recurrent units that keep their state."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.lever import Lever

ZONEOUT = Lever(
    name="zoneout",
    title="Zoneout",
    family="noise",
    strength="rate: the share of hidden units that keep their previous state at a step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.05, 0.15),
    equation="h_t = m · h_(t−1) + (1 − m) · h'_t, m ~ Bernoulli(rate); its expected value in inference",
    use_when="recurrent layers overfit and dropout on the recurrence breaks their memory",
    trade_off="RNN with a cell is slower than the fused LSTM and GRU layers on a GPU",
    interactions=(("locked_dropout", "acts on what goes into the layer, this on the recurrence: they go together"),),
    source="Krueger et al. 2017, Zoneout, section 3",
    usage="keras.layers.RNN(layers.Zoneout(keras.layers.LSTMCell(64), rate_hidden=0.05, rate_cell=0.5))",
)
