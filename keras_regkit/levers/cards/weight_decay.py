"""Decoupled weight decay in the optimizer."""

import warnings

from keras_regkit._core.checks import Interval
from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import copy, recompile


def _decay(model, strength):
    if (without_loss_scale(model.optimizer).weight_decay or 0) == strength:
        warnings.warn(f"The optimizer decays by {strength} already: nothing changed", NoEffectWarning, stacklevel=4)
    new = copy(model)
    optimizer = type(model.optimizer).from_config(model.optimizer.get_config())
    stepping = without_loss_scale(optimizer)
    stepping.weight_decay = strength  # 0 rather than None, which AdamW refuses
    # Keras decays everything that trains. Biases and normalization scales do not overfit: they are left alone.
    stepping.exclude_from_weight_decay(var_list=[v for v in new.trainable_variables if len(v.shape) < 2])
    return recompile(new, optimizer=optimizer)


WEIGHT_DECAY = Lever(
    name="weight_decay",
    title="Weight decay (decoupled)",
    family="decay",
    strength="share of each kernel, times the learning rate, taken off per step",
    bounds=Interval(0),
    strengths=(1e-2, 1e-1),
    equation="w ← w − lr · d · w, beside the optimizer's own step",
    use_when="the optimizer is adaptive (Adam): the pull that L2 means to have, the same on every weight",
    trade_off="its effect grows with the learning rate and the number of steps",
    interactions=(("l2", "the same pull twice: use one of them"),),
    source="Loshchilov & Hutter 2019, Decoupled Weight Decay Regularization, algorithm 2",
    rewrite=_decay,
    keywords=lambda strength, config: {"weight_decay": strength},
)
