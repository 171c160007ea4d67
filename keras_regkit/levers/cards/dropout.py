"""Dropout between the dense layers."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.hidden import after_weights, edited, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import insert_before, replace


def _set_rate(model, rate):
    """Sets the rate of the Dropout layers there are; where there are none, puts them before the dense layers."""
    # Not before the first weights: that would be dropout on the inputs, another lever.
    layers = after_weights(model)
    dropouts = [layer for layer in layers if type(layer) is keras.layers.Dropout]
    if dropouts:
        return replace(model, only(dropouts), lambda layer: edited(layer, rate=rate))
    dense = [layer for layer in layers if isinstance(layer, keras.layers.Dense)] if rate else []
    return insert_before(
        model, only(dense), lambda layer: keras.layers.Dropout(rate, name=f"dropout_before_{layer.name}")
    )


DROPOUT = Lever(
    name="dropout",
    title="Dropout",
    family="noise",
    strength="rate: the share of units dropped in a training step",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.3, 0.5),
    equation="y = x · m / (1 − rate), m ~ Bernoulli(1 − rate), in training only",
    use_when="the gap persists in wide dense layers after early stopping and a light L2",
    trade_off="slower to converge; too much of it underfits; none on the output layer",
    interactions=(
        (
            "batch_norm",
            "right before BatchNormalization it shifts the variance between training and inference: put it after",
        ),
        ("max_norm", "the pair of the original paper: max-norm allows the higher learning rate that dropout wants"),
    ),
    source="Srivastava et al. 2014, Dropout, section 4",
    rewrite=_set_rate,
    keywords=lambda strength, config: {"dropout": strength},
)
