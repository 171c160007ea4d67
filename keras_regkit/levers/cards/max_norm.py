"""Max-norm: a cap on each unit's incoming weights."""

import keras

from keras_regkit._core.checks import Interval
from keras_regkit.levers.hidden import edited, hidden_layers, only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import replace

# One output unit per entry of the kernel's last axis; other kernels are laid out differently.
_LAST_AXIS_IS_OUTPUT = (keras.layers.Dense, keras.layers.Conv1D, keras.layers.Conv2D, keras.layers.Conv3D)


def _cap(model, cap):
    layers = [layer for layer in hidden_layers(model) if type(layer) in _LAST_AXIS_IS_OUTPUT]

    def rule(layer):
        axes = list(range(len(layer.kernel.shape) - 1))
        constraint = keras.constraints.MaxNorm(cap, axis=axes[0] if len(axes) == 1 else axes)
        return edited(layer, kernel_constraint=constraint)

    return replace(model, only(layers), rule)


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
