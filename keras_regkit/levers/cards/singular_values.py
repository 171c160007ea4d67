"""Penalties on the singular values of a kernel: orthogonality, and the spectral norm."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_kernels
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import Orthogonal, SpectralNorm

ORTHOGONAL = Lever(
    name="orthogonal",
    title="Orthogonality penalty",
    family="penalty",
    strength="λ, per unit of ‖WᵀW − I‖²_F, added to the loss",
    bounds=Interval(0),
    strengths=(1e-4, 1e-3),
    equation="loss + λ ‖WᵀW − I‖²_F, a column of W for each filter",
    use_when="the network is deep, and signals vanish or filters repeat one another",
    trade_off="fixes the scale of every kernel at 1, which the last layers may want otherwise",
    interactions=(
        ("l2", "pulls towards 0 what this one pulls to unit norm; a kernel has one penalty: it takes the place of L2"),
        ("batch_norm", "undoes the scale, keeps the angles"),
    ),
    source="Bansal et al. 2018, Can We Gain More from Orthogonality Regularizations in Training Deep CNNs?, eq. 2",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: Orthogonal(s), strength),
    usage='Conv2D(64, 3, kernel_regularizer=Orthogonal(1e-3, mode="srip"))',
)

SPECTRAL_NORM_PENALTY = Lever(
    name="spectral_norm_penalty",
    title="Spectral norm penalty",
    family="penalty",
    strength="λ, per unit of σ_max² / 2, added to the loss",
    bounds=Interval(0),
    strengths=(1e-2, 1e-1),
    equation="loss + λ/2 Σ σ_max(W)² over the layers",
    use_when="small changes of the inputs change the outputs too much, as under noise or with large batches",
    trade_off="a few products with the kernel per layer and step; the bound on the whole network is loose",
    interactions=(
        ("l2", "pulls on all singular values, this one on the largest; a kernel has one penalty: it takes L2's place"),
        ("batch_norm", "rescales what the penalty bounds"),
        ("max_norm", "caps single units, not the layer as a whole"),
    ),
    source="Yoshida & Miyato 2017, Spectral Norm Regularization for Improving the Generalizability, eq. 4",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: SpectralNorm(s), strength),
    usage="Dense(64, kernel_regularizer=SpectralNorm(0.01))",
)
