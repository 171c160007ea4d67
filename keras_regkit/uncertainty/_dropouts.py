"""Which layers of a model sample in Monte-Carlo dropout."""

import keras

from keras_regkit._core.tracking import all_layers

_LAYERS = (
    keras.layers.Dropout,
    keras.layers.SpatialDropout1D,
    keras.layers.SpatialDropout2D,
    keras.layers.SpatialDropout3D,
    keras.layers.GaussianDropout,
    keras.layers.AlphaDropout,
)
# These drop by themselves, and their `training` means nothing else.
_ATTENTION = (keras.layers.Attention, keras.layers.AdditiveAttention)
_CELLS = (keras.layers.LSTMCell, keras.layers.GRUCell, keras.layers.SimpleRNNCell)


def dropouts(model):
    """Returns the layers within `model` that drop at random in training, at any depth.

    They are the dropout layers of Keras (also within attention and recurrent layers), and every layer that has an
    attribute `monte_carlo = True`: the convention by which any layer takes part. A rate of 0 drops nothing.
    """
    layers = all_layers(model)
    found = [layer for layer in layers if _drops(layer)]
    chosen = {id(layer) for layer in found}
    # A recurrent layer makes its cells' masks, and hands them their mode.
    holders = (keras.layers.RNN, keras.layers.StackedRNNCells)
    found += [
        layer
        for layer in layers
        if isinstance(layer, holders) and any(id(cell) in chosen for cell in all_layers(layer)[1:])
    ]
    return found


def _drops(layer):
    if getattr(layer, "monte_carlo", False) is True:
        return not _is_zero(getattr(layer, "rate", None))
    if isinstance(layer, _LAYERS):
        return not _is_zero(layer.rate)
    if isinstance(layer, _ATTENTION):
        return not _is_zero(layer.dropout)
    # A cell is known by its class, or, as that of a convolutional LSTM has no public one, by what it has.
    if isinstance(layer, _CELLS) or (hasattr(layer, "state_size") and hasattr(layer, "recurrent_dropout")):
        return not (_is_zero(layer.dropout) and _is_zero(layer.recurrent_dropout))
    return False


def _is_zero(rate):
    return isinstance(rate, (int, float)) and rate == 0
