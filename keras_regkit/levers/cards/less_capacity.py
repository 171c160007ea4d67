"""Fewer units in the hidden layers."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import replace

_DEFAULT_UNITS = (256, 128)  # of presets.mlp
_WIDTHS = {
    keras.layers.Dense: "units",
    keras.layers.Conv1D: "filters",
    keras.layers.Conv2D: "filters",
    keras.layers.Conv3D: "filters",
}


def _shrink(model, share):
    layers = [layer for layer in hidden_layers(model) if type(layer) in _WIDTHS]

    def rule(layer):
        width = _WIDTHS[type(layer)]
        return edited(layer, **{width: _less(getattr(layer, width), share)})

    try:
        return replace(model, only(layers), rule)
    except ValueError as error:
        raise ValueError(
            f"'less_capacity' cannot narrow {model.name!r}: its layers expect one another's width ({error}). "
            "Build a smaller model where it is written"
        ) from error


def _less(width, share):
    return max(1, round(width * (1 - share)))


def _less_units(units, share):
    """The same for `units` as `presets.mlp` takes them: one width, or one per block."""
    return _less(units, share) if isinstance(units, int) else tuple(_less(width, share) for width in units)


LESS_CAPACITY = Lever(
    name="less_capacity",
    title="Less capacity",
    family="capacity",
    strength="share of each hidden layer's units taken away",
    bounds=Interval(0, 1, closed="left"),
    strengths=(0.5, 0.75),
    equation="units ← max(1, round(units · (1 − share)))",
    use_when="the gap is large and the training loss near zero: the net remembers rows",
    trade_off="too narrow a net underfits; a wide net with other levers often does better",
    interactions=(("dropout", "both reduce what units can learn together; narrow nets want lower rates"),),
    source="Goodfellow et al. 2016, Deep Learning, section 5.2",
    rewrite=_shrink,
    keywords=lambda strength, config: {"units": _less_units(config.get("units", _DEFAULT_UNITS), strength)},
)
