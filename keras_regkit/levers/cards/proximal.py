"""Penalties by proximal steps."""

from keras_regkit._core.checks import Interval
from keras_regkit._core.optimizers import without_loss_scale
from keras_regkit.levers.cards._optimizers import set_mixin
from keras_regkit.levers.cards.penalties import L1
from keras_regkit.levers.lever import Lever
from keras_regkit.optimizers import Proximal


def _set(model, strength):
    new = L1.rewrite(model, strength)
    if bool(strength) != isinstance(without_loss_scale(new.optimizer), Proximal):
        new = set_mixin(new, Proximal, off=strength == 0)
    return new


PROXIMAL = Lever(
    name="proximal",
    title="Proximal L1 (exact zeros)",
    family="penalty",
    strength="λ, per unit of Σ|w| on the hidden kernels, taken by proximal steps",
    bounds=Interval(0),
    strengths=(1e-4, 1e-3),
    equation="w ← sign(v) max(|v| − s·λ, 0), v = w − s·∇loss, s the optimizer's own step for each weight",
    use_when="weights, or groups of them, shall be exactly zero, to find out which inputs matter or to remove them",
    trade_off="some work on each penalized weight in each step; Lion, Muon and Adafactor have no step to go by",
    interactions=(
        ("l1", "the same penalty by its gradient, which reaches no zeros: a proximal optimizer takes it over"),
        ("group_lasso", "is taken by proximal steps too, once the optimizer takes them"),
        ("lookahead", "keeps the zeros"),
    ),
    source="Parikh & Boyd 2014, Proximal Algorithms, section 4.2; Yun, Lozano & Yang 2021, algorithm 1",
    rewrite=_set,
    usage='model.compile(optimizers.ProximalAdam(1e-3), "mse")  # and kernel_regularizer=L1(1e-4) on the layers',
)
