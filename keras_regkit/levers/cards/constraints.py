"""Constraints on the hidden kernels, besides max-norm."""

from keras_regkit import constraints
from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._kernels import (
    DEPTHWISE,
    TRANSPOSED,
    constrain,
    constraint_name,
    kernel_layers,
    units_of,
)
from keras_regkit.levers.lever import Lever


def _put(constraint):
    """Returns a rewrite that puts `constraint(strength)` on every hidden kernel."""

    def rewrite(model, strength):
        return constrain(model, kernel_layers(model), lambda layer: constraint(strength, **units_of(layer)))

    return rewrite


def _orthonormal(model, present):
    if present:
        return constrain(model, kernel_layers(model), lambda layer: constraints.Orthonormal(**units_of(layer)))
    return constrain(model, [layer for layer in kernel_layers(model) if _is_orthonormal(layer)], lambda layer: None)


def _is_orthonormal(layer):
    return isinstance(getattr(layer, constraint_name(layer)), constraints.Orthonormal)


def _n_of_four(model, n):
    def axis(layer):
        return -1 if isinstance(layer, TRANSPOSED) else -2

    def length(layer):
        kernel = layer.kernel if hasattr(layer, "kernel") else layer.cell.kernel
        return kernel.shape[axis(layer)]

    # The blocks must fit, and a depthwise filter has a single input.
    layers = [layer for layer in kernel_layers(model) if not isinstance(layer, DEPTHWISE) and not length(layer) % 4]
    return constrain(model, layers, lambda layer: constraints.NMSparsity(n, 4, axis=axis(layer)))


L1_BALL = Lever(
    name="l1_ball",
    title="L1 ball constraint",
    family="constraint",
    strength="radius: cap on the sum of the absolute weights of each unit; a lower one is stronger",
    bounds=Interval(0, closed="neither"),
    strengths=(10.0, 3.0),
    equation="w ← sign(w) · max(|w| − θ, 0) after each step, θ such that Σ|w| = r, where Σ|w| > r",
    use_when="units should look at few inputs, and weights that are cut should be exactly zero",
    trade_off="a sort of each kernel in each step; correlated inputs are picked among at random",
    interactions=(
        ("l1", "pulls to where this projects: use one of them"),
        ("batch_norm", "undoes the scale that the radius limits"),
    ),
    source="Duchi et al. 2008, Efficient Projections onto the l1-Ball for Learning in High Dimensions, section 4",
    rewrite=_put(constraints.L1Ball),
)

L2_BALL = Lever(
    name="l2_ball",
    title="L2 ball constraint",
    family="constraint",
    strength="radius: cap on the L2 norm of each unit's weights; a lower one is stronger",
    bounds=Interval(0, closed="neither"),
    strengths=(4.0, 2.0),
    equation="w ← w · min(1, r / ‖w‖₂) after each step",
    use_when="a hard bound is wanted where an L2 penalty only pulls",
    trade_off="a radius that is never reached does nothing; too low a one underfits",
    interactions=(("max_norm", "the same projection: use one of them"), ("l2", "a pull in place of the bound")),
    source="Parikh & Boyd 2014, Proximal Algorithms, section 6.5.1",
    rewrite=_put(constraints.L2Ball),
)

SIMPLEX = Lever(
    name="simplex",
    title="Simplex constraint",
    family="constraint",
    strength="total of each unit's weights, which are not negative",
    bounds=Interval(0, closed="neither"),
    strengths=(1.0,),
    equation="w ← max(w − θ, 0) after each step, θ such that Σw = z",
    use_when="the weights of a unit are shares of its inputs: mixtures of experts, ensembles of models",
    trade_off="no negative weights: it changes what the layer can express, so it is no lever for any layer",
    interactions=(("l1_ball", "the same projection without signs"),),
    source="Duchi et al. 2008, Efficient Projections onto the l1-Ball for Learning in High Dimensions, figure 1",
    usage="keras.layers.Dense(1, use_bias=False, kernel_constraint=constraints.Simplex())",
)

SPECTRAL_NORM_CAP = Lever(
    name="spectral_norm_cap",
    title="Cap on the spectral norm",
    family="constraint",
    strength="cap on each kernel's largest singular value; a lower cap is stronger",
    bounds=Interval(0, closed="neither"),
    strengths=(3.0, 1.0),
    equation="W ← W · min(1, c / σ(W)) after each step",
    use_when="outputs must not react wildly to small changes of the inputs",
    trade_off="some products of square matrices in each step; a low cap on every layer underfits",
    interactions=(
        ("batch_norm", "undoes the scale that the cap limits"),
        ("spectral_normalization", "holds σ at 1 in the computation: use one of them"),
    ),
    source="Gouk et al. 2021, Regularisation of Neural Networks by Enforcing Lipschitz Continuity, section 4",
    rewrite=_put(constraints.SpectralNorm),
)

ORTHONORMAL = Lever(
    name="orthonormal",
    title="Orthonormal kernels",
    family="constraint",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="W ← U Vᵀ after each step, with W = U Σ Vᵀ",
    use_when="signals must keep their length through many layers, or units repeat each other",
    trade_off="a singular value decomposition of each kernel in each step",
    interactions=(("l2", "has no effect on a kernel whose norm is fixed"), ("max_norm", "idle: every unit has norm 1")),
    source="Higham 1986, Computing the Polar Decomposition, section 2",
    rewrite=_orthonormal,
)

NM_SPARSITY = Lever(
    name="nm_sparsity",
    title="N:4 sparsity",
    family="constraint",
    strength="n: how many of each 4 consecutive input weights are kept; 4 keeps all",
    bounds=Interval(1, 4, integer=True),
    strengths=(2,),
    equation="w ← w where |w| is among the n largest of its block of 4, else 0, after each step",
    use_when="a trained model shall run on hardware that skips zeros in this pattern",
    trade_off="kernels whose input length is no multiple of 4 are left out; retrain after it is put in",
    interactions=(("l1", "prepares weights for being cut"), ("top_k_sparsity", "the same share without the pattern")),
    source="Mishra et al. 2021, Accelerating Sparse Deep Neural Networks",
    rewrite=_n_of_four,
)

TOP_K_SPARSITY = Lever(
    name="top_k_sparsity",
    title="Top-k sparsity",
    family="constraint",
    strength="density: the share of each unit's weights that is kept; a lower one is stronger",
    bounds=Interval(0, 1, closed="right"),
    strengths=(0.5, 0.2),
    equation="w ← w where |w| is among the k largest of its unit, else 0, after each step",
    use_when="the model is larger than the data ask for, and its sparsity is to be known beforehand",
    trade_off="zeros save memory and time only where something makes use of them; retrain after it is put in",
    interactions=(("l1", "prepares weights for being cut"), ("l1_ball", "zeros by budget, not by count")),
    source="Han et al. 2015, Learning both Weights and Connections for Efficient Neural Networks, section 3",
    rewrite=_put(lambda density, **units: constraints.TopKSparsity(density, **units)),
)
