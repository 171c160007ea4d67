"""Max-norm: a cap on each unit's incoming weights."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.constraints import MaxNorm
from keras_regkit.levers.cards._kernels import constrain, constraint_name, kernel_layers, units_of
from keras_regkit.levers.lever import Lever


def _cap(model, cap):
    layers = [layer for layer in kernel_layers(model) if not _has(layer, cap)]
    return constrain(model, layers, lambda layer: MaxNorm(cap, **units_of(layer)))


def _has(layer, cap):
    """Whether it is a Dense layer with Keras' own constraint of this cap, which for these is the same."""
    old = getattr(layer, constraint_name(layer))
    return (
        isinstance(layer, keras.layers.Dense)
        and type(old) is keras.constraints.MaxNorm
        and (old.max_value, old.axis) == (cap, 0)
    )


MAX_NORM = Lever(
    name="max_norm",
    title="Max-norm constraint",
    family="constraint",
    strength="cap on the L2 norm of each unit's incoming weights; a lower cap is stronger",
    bounds=Interval(0, closed="neither"),
    strengths=(4.0, 2.0),
    equation="w ← w · min(1, c / ‖w‖₂) after each step, per output unit",
    use_when="together with dropout and a high learning rate, or where single units explode",
    trade_off="a cap that is never reached does nothing; too low a cap underfits",
    interactions=(
        ("dropout", "the pair of the original paper"),
        ("batch_norm", "undoes the scale that the cap limits"),
    ),
    source="Srivastava et al. 2014, Dropout, section 5.1",
    rewrite=_cap,
    keywords=lambda strength, config: {"max_norm": strength},
)
