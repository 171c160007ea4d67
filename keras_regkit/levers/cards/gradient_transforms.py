"""What is done to gradients and steps: clipping, centralization, noise, lookahead."""

from keras_regkit._core.checks import Interval
from keras_regkit.levers.cards._optimizers import set_mixin
from keras_regkit.levers.lever import Lever
from keras_regkit.optimizers import AdaptiveGradientClipping, GradientCentralization, GradientNoise, Lookahead

LOOKAHEAD = Lever(
    name="lookahead",
    title="Lookahead",
    family="gradients",
    strength="α, the share of the way that the slow weights go every 5 steps; a smaller one averages more, 1 is none",
    bounds=Interval(0, 1, closed="right"),
    strengths=(0.8, 0.5),
    equation="every k steps: φ ← φ + α (θ − φ), θ ← φ",
    use_when="training is noisy, or the learning rate is delicate",
    trade_off="one more copy of the weights; progress is slower where steps were good already",
    interactions=(
        ("early_stopping", "validation in the middle of 5 steps sees the fast weights; `fit` ends with the slow ones"),
        ("proximal", "steps first, and its zeros are kept"),
    ),
    source="Zhang et al. 2019, Lookahead Optimizer: k steps forward, 1 step back, algorithm 1",
    rewrite=lambda model, strength: set_mixin(model, Lookahead, off=strength == 1, **_slow_step(strength)),
    usage='model.compile(optimizers.LookaheadAdam(1e-3, sync_period=5, slow_step=0.5), "mse")',
)

ADAPTIVE_GRADIENT_CLIPPING = Lever(
    name="adaptive_gradient_clipping",
    title="Adaptive gradient clipping",
    family="gradients",
    strength="λ, the largest ratio of a unit's gradient to its weights; a lower one is stronger",
    bounds=Interval(0, closed="neither"),
    strengths=(0.08, 0.01),
    equation="g_i ← λ max(‖w_i‖, ε) / ‖g_i‖ · g_i for each unit i where ‖g_i‖ > λ max(‖w_i‖, ε)",
    use_when="training without batch normalization, with large batches or large learning rates, is unstable",
    trade_off="too low a ratio slows all training down; leave out the final layer, as the paper does",
    interactions=(
        ("batch_norm", "makes steps safe already: this is for networks without it"),
        ("gradient_noise", "is added after clipping"),
    ),
    source="Brock et al. 2021, High-Performance Large-Scale Image Recognition Without Normalization, eq. 3",
    rewrite=lambda model, strength: set_mixin(model, AdaptiveGradientClipping, clipping=strength),
    usage='model.compile(optimizers.AdaptiveGradientClippingSGD(0.1, clipping_exclude=["head/.*"]), "mse")',
)

GRADIENT_CENTRALIZATION = Lever(
    name="gradient_centralization",
    title="Gradient centralization",
    family="gradients",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="g_i ← g_i − mean(g_i) for each unit i of a kernel",
    use_when="a convolutional network trains with SGD: it is nearly free",
    trade_off="the mean of each unit's weights stays where it began",
    interactions=(
        ("weight_standardization", "keeps the weights' mean at 0, where this keeps it at its start: use one of them"),
        ("adaptive_gradient_clipping", "clips what is centralized"),
    ),
    source="Yong et al. 2020, Gradient Centralization, eq. 1",
    rewrite=lambda model, strength: set_mixin(model, GradientCentralization, off=not strength),
    usage='model.compile(optimizers.GradientCentralizationSGD(0.1, momentum=0.9), "mse")',
)

GRADIENT_NOISE = Lever(
    name="gradient_noise",
    title="Gradient noise",
    family="gradients",
    strength="η, the variance of the noise at the first step",
    bounds=Interval(0),
    strengths=(0.01, 0.3),
    equation="g ← g + N(0, σ²), σ² = η / (1 + t)^0.55 at step t",
    use_when="a very deep or oddly built network gets stuck early",
    trade_off="the scale is that of the gradients: what helps one model drowns another",
    interactions=(
        ("dropout", "gives gradients noise of its own"),
        ("adaptive_gradient_clipping", "clips before noise is added"),
    ),
    source="Neelakantan et al. 2015, Adding Gradient Noise Improves Learning for Very Deep Networks, section 3",
    rewrite=lambda model, strength: set_mixin(
        model, GradientNoise, off=strength == 0, **({"eta": strength} if strength else {})
    ),
    usage='model.compile(optimizers.GradientNoiseSGD(0.1, eta=0.3), "mse")',
)


def _slow_step(strength):
    return {"slow_step": strength} if strength < 1 else {}
