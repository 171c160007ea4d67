"""Copying the weights of one layer into another."""

from keras_regkit._core.backend import to_numpy
from keras_regkit._core.strength import Strength
from keras_regkit._core.tracking import all_layers


def can_carry(source, target):
    """Whether the two layers have weights of the same shapes, strengths aside."""
    ours, theirs = _without_strengths(source), _without_strengths(target)
    return [w.shape for w in ours] == [w.shape for w in theirs]


def carry_weights(source, target):
    """Gives `target` the weights of `source`, a layer of the same shapes.

    A strength is carried too, with the way that its schedule has come, unless the two layers were given different ones:
    then it was set anew, and stays.
    """
    for ours, theirs in zip(_without_strengths(source), _without_strengths(target), strict=True):
        _copy(ours, theirs)
    moving = {(s.owner, s.argument): s for s in _strengths(source)}
    for strength in _strengths(target):
        before = moving.get((strength.owner, strength.argument))
        if before is not None and before.config() == strength.config():
            _copy(before.number, strength.number)
    # An adapted `Normalization` computes with tensors that it derived from its weights, not with the weights.
    if hasattr(target, "finalize_state"):
        target.finalize_state()


def _copy(source, target):
    # Through NumPy: on JAX two variables of one buffer would both lose it when the first is trained.
    target.assign(to_numpy(source))


def _strengths(layer):
    return [part for part in all_layers(layer) if isinstance(part, Strength)]


def _without_strengths(layer):
    held = {id(strength.number) for strength in _strengths(layer)}
    return [weight for weight in layer.weights if id(weight) not in held]
