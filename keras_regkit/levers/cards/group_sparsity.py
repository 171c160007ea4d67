"""Penalties that take out whole units: group lasso, and sparse group lasso."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_kernels
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import GroupLasso, SparseGroupLasso

GROUP_LASSO = Lever(
    name="group_lasso",
    title="Group lasso",
    family="penalty",
    strength="λ, per unit of Σ √p ‖w_g‖₂ over the units of a layer, added to the loss",
    bounds=Interval(0),
    strengths=(1e-4, 1e-3),
    equation="loss + λ Σ_g √p_g ‖w_g‖₂, a group g for each output unit or filter",
    use_when="whole units or filters are superfluous, and shall go to zero together so that they can be removed",
    trade_off="plain optimizers bring groups near zero; exactly zero takes a proximal step",
    interactions=(
        ("l2", "a kernel has one penalty: it takes the place of L2"),
        ("l1", "L1 takes out single weights, this one units"),
        ("batch_norm", "undoes the scale of a unit: its weights get small, its output does not"),
    ),
    source="Yuan & Lin 2006, Model Selection and Estimation in Regression with Grouped Variables, eq. 2.1",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: GroupLasso(s), strength),
    usage='Dense(64, kernel_regularizer=GroupLasso(1e-3, groups="inputs"))',
)

SPARSE_GROUP_LASSO = Lever(
    name="sparse_group_lasso",
    title="Sparse group lasso",
    family="penalty",
    strength="λ of both parts, half group lasso and half L1",
    bounds=Interval(0),
    strengths=(1e-4, 1e-3),
    equation="loss + λ ((1 − α) Σ_g √p_g ‖w_g‖₂ + α Σ |w|), α = ½",
    use_when="units are superfluous, and so are many weights of those that are not",
    trade_off="one more number to choose, α; exactly zero takes a proximal step",
    interactions=(
        ("group_lasso", "contained in it"),
        ("l1", "contained in it; a kernel has one penalty, so it takes the place of L1"),
    ),
    source="Simon et al. 2013, A Sparse-Group Lasso, eq. 3",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: SparseGroupLasso(s), strength),
    usage="Dense(64, kernel_regularizer=SparseGroupLasso(1e-3, alpha=0.5))",
)
