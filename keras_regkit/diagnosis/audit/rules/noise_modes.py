"""Modes that were asked for and are not kept."""

import keras

from keras_regkit._core.batch_norms import is_batch_norm
from keras_regkit._core.tracking import all_layers
from keras_regkit.diagnosis.audit.cannot_run import CannotRun
from keras_regkit.diagnosis.audit.noise_layers import asked_modes, is_noise, is_silent, modes_are_kept
from keras_regkit.diagnosis.audit.rule import rule


@rule("RK307", family="noise", title="A mode that fit and predict do not keep", severity="warning", needs=("built",))
def mode_not_kept(case):
    """A layer or nested model was called with `training=False` or `True` when a Functional model was put together.

    Keras 3.15 hands the mode of the whole model to every layer within it, and that argument is lost. It holds only for
    `model(x)` without a mode.

    Why: A backbone that was called with `training=False` drops units and moves its batch statistics in `fit`. Dropout
    that was called with `training=True`, for samples, is off in `predict`.

    Do: Freeze the backbone, which keeps batch normalization still, and take noise out of it; or call it in the `call`
    of a layer of your own, where the argument is kept. For samples use `uncertainty.MonteCarlo`.

    Example: backbone: called with training=False, noise layers 1, batch normalization layers that train 3

    Source: Measured when the rule first runs: a Functional model around `Dropout`, called both ways.
    """
    if modes_are_kept():
        raise CannotRun("this version of Keras keeps the modes that layers are called with")
    for layer, mode in asked_modes(case.model):
        parts = all_layers(layer)
        noise = sum(is_noise(part) and not is_silent(part) for part in parts)
        norms = sum(is_batch_norm(part) and part.trainable for part in parts) if not mode else 0
        if noise or norms:
            yield case.finding(
                where=case.paths.get(id(layer), layer.name),
                evidence={
                    "called with": f"training={mode}",
                    "noise layers": noise,
                    "batch normalization layers that train": norms,
                    "Keras": keras.__version__,
                },
                advice="Use uncertainty.MonteCarlo for samples: predict runs without noise."
                if mode
                else "Freeze it and take the noise out, or call it within the call of a layer of your own.",
            )
