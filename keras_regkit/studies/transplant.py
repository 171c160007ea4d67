"""Putting a fresh model's state into one that was compiled and traced already."""

import keras

from keras_regkit._core.strength import strengths_of_loss
from keras_regkit.studies import fingerprint


def transplant(source, target):
    """Gives `target` the complete state of `source`: weights, seeds, optimizer slots; metrics reset.

    Tracing a training step costs more than many of the trainings it serves. A model that was trained once and then
    takes the state of a fresh one trains on exactly as the fresh one would.

    Args:
        source: A fresh compiled model.
        target: A compiled model of the same architecture and settings.

    Returns:
        Whether it was possible. If not, `target` must not be used any more: its variables, or settings that are none
        (a rate, which layers train), differ from those of `source`.
    """
    source.optimizer.build(source.trainable_variables)
    target.optimizer.build(target.trainable_variables)
    pairs = [
        (source.variables, target.variables),
        (source.optimizer.variables, target.optimizer.variables),
        (_of_loss(source), _of_loss(target)),
    ]
    for ours, theirs in pairs:
        if [(v.shape, v.dtype) for v in ours] != [(v.shape, v.dtype) for v in theirs]:
            return False
    for ours, theirs in pairs:
        for new, old in zip(ours, theirs, strict=True):
            old.assign(new.value)
    target.reset_metrics()
    target.stop_training = False
    # Compared after the copy: the learning rate is a variable, and part of the configuration too.
    return fingerprint.of_model(source) == fingerprint.of_model(target)


def _of_loss(model):
    """The variables that the loss holds, whose strength may move."""
    return [strength.number for loss in keras.tree.flatten(model.loss) for strength in strengths_of_loss(loss)]
