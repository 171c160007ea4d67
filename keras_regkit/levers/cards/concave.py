"""Penalties that spare large weights: MCP, SCAD and Hoyer."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards.penalize import penalize_kernels
from keras_regkit.levers.lever import Lever
from keras_regkit.regularizers import MCP as Minimax
from keras_regkit.regularizers import SCAD as Clipped
from keras_regkit.regularizers import Hoyer

MCP = Lever(
    name="mcp",
    title="Minimax concave penalty",
    family="penalty",
    strength="λ, the pull on the smallest weights; weights beyond γλ (γ = 3) are left alone",
    bounds=Interval(0),
    strengths=(1e-3, 1e-2),
    equation="loss + Σ ρ(|w|), ρ(t) = λt − t²/(2γ) up to γλ, then constant",
    use_when="L1 finds the right weights and makes them too small",
    trade_off="not convex: the result depends on the start; exactly zero takes a proximal step",
    interactions=(
        ("l1", "the same pull on small weights, none on large ones; a kernel has one penalty: it takes L1's place"),
        ("scad", "nearly the same: use one of them"),
    ),
    source="Zhang 2010, Nearly Unbiased Variable Selection under Minimax Concave Penalty, eq. 2.1",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: Minimax(s), strength),
    usage="Dense(64, kernel_regularizer=MCP(1e-2, gamma=3.0))",
)

SCAD = Lever(
    name="scad",
    title="Smoothly clipped absolute deviation",
    family="penalty",
    strength="λ, the pull on weights up to λ; weights beyond aλ (a = 3.7) are left alone",
    bounds=Interval(0),
    strengths=(1e-3, 1e-2),
    equation="loss + Σ ρ(|w|), ρ'(t) = λ up to λ, (aλ − t)/(a − 1) up to aλ, then 0",
    use_when="L1 finds the right weights and makes them too small",
    trade_off="not convex: the result depends on the start; exactly zero takes a proximal step",
    interactions=(
        ("l1", "equal to it up to λ, no pull on large weights; a kernel has one penalty: it takes L1's place"),
        ("mcp", "nearly the same: use one of them"),
    ),
    source="Fan & Li 2001, Variable Selection via Nonconcave Penalized Likelihood, eq. 2.7",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: Clipped(s), strength),
    usage="Dense(64, kernel_regularizer=SCAD(1e-2))",
)

HOYER = Lever(
    name="hoyer",
    title="Hoyer-square penalty",
    family="penalty",
    strength="λ, per effective number of weights of a kernel, added to the loss",
    bounds=Interval(0),
    strengths=(1e-5, 1e-4),
    equation="loss + λ (‖w‖₁ / ‖w‖₂)²",
    use_when="a kernel shall be sparse, and L1 would only make all of it smaller, as under batch normalization",
    trade_off="its gradient grows as the weights shrink; exact zeros take a threshold at the end",
    interactions=(
        ("l1", "L1 sets the scale, this one the shape; a kernel has one penalty: it takes L1's place"),
        ("batch_norm", "goes well: neither depends on a kernel's scale"),
    ),
    source="Yang et al. 2020, DeepHoyer, eq. 3",
    rewrite=lambda model, strength: penalize_kernels(model, lambda s, layer: Hoyer(s), strength),
    usage="Dense(64, kernel_regularizer=Hoyer(1e-4))",
)
