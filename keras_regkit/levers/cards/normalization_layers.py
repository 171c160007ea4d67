"""Normalization of kernels, of parts of a batch, and of single samples."""

import math

import keras

from keras_regkit import layers
from keras_regkit._core.checks import Interval
from keras_regkit._core.kernel_axes import layer_input_axes
from keras_regkit.levers.cards._kernels import CONVOLUTIONS, FEEDFORWARD, all_layers, kernel_layers, unwrap, wrap
from keras_regkit.levers.cards.batch_norm import BATCH_NORM
from keras_regkit.levers.hidden import only
from keras_regkit.levers.lever import Lever
from keras_regkit.surgery import replace
from keras_regkit.surgery.graph import feeders
from keras_regkit.surgery.rebuild import check_rewritable, is_rewritable

_NORMALIZATIONS = (
    keras.layers.BatchNormalization,
    keras.layers.GroupNormalization,
    keras.layers.LayerNormalization,
    layers.FilterResponseNormalization,
)


def _ghost(model, size):
    def rule(layer):
        config = {**layer.get_config(), "virtual_batch_size": size, "groups": None}
        new = layers.GhostBatchNormalization.from_config(config)
        return None if isinstance(layer, type(new)) and layer.get_config() == new.get_config() else new

    check_rewritable(model)
    if not _batch_norms(model):
        model = BATCH_NORM.rewrite(model, 1)
    return replace(model, only(_batch_norms(model)), rule)


def _batch_norms(model):
    kinds = (keras.layers.BatchNormalization, layers.GhostBatchNormalization)
    return [layer for layer in all_layers(model) if type(layer) in kinds and not (layer.renorm or layer.synchronized)]


def _weight_normalization(model, present):
    return _switch(model, present, layers.WeightNormalization, "weight_norm", lambda: kernel_layers(model, FEEDFORWARD))


def _spectral_normalization(model, present):
    def wanted():
        return kernel_layers(model, FEEDFORWARD)

    return _switch(model, present, layers.SpectralNormalization, "spectral_norm", wanted)


def _weight_standardization(model, present):
    def wanted():
        # Without a normalization behind it, outputs would grow with the number of inputs.
        before = _before_normalization(model)
        found = [layer for layer in kernel_layers(model, CONVOLUTIONS) if layer.name in before]
        return [layer for layer in found if _inputs_per_unit(layer) > 1]

    return _switch(model, present, layers.WeightStandardization, "standardized", wanted)


def _inputs_per_unit(layer):
    return math.prod(layer.kernel.shape[axis] for axis in layer_input_axes(layer, layer.kernel.shape))


def _switch(model, present, wrapper, suffix, wanted):
    check_rewritable(model)
    return wrap(model, wanted(), wrapper, suffix) if present else unwrap(model, wrapper)


def _before_normalization(model):
    """Names of the layers whose output a normalization takes."""
    found, by_name = set(), {layer.name: layer for layer in model.layers}
    for name, sources in feeders(model).items():
        if isinstance(by_name.get(name), _NORMALIZATIONS):
            found |= set(sources)
        elif is_rewritable(by_name.get(name)):
            found |= _before_normalization(by_name[name])
    return found


GHOST_BATCH_NORM = Lever(
    name="ghost_batch_norm",
    title="Ghost batch normalization",
    family="normalization",
    strength="samples whose statistics are taken together; fewer are noisier, which is stronger",
    bounds=Interval(2, integer=True),
    strengths=(128, 32),
    equation="y = γ (x − mean of its part) / √(variance of its part + ε) + β; moving averages in inference",
    use_when="batch normalization and large batches, and the gap grew with the batch",
    trade_off="parts of less than 16 samples make training noisy; a size as large as the batch changes nothing",
    interactions=(
        ("batch_norm", "ghost batches take the place of its layers, and are put in alike where there are none"),
    ),
    source="Hoffer et al. 2017, Train longer, generalize better, algorithm 1",
    rewrite=_ghost,
)

WEIGHT_NORMALIZATION = Lever(
    name="weight_normalization",
    title="Weight normalization",
    family="normalization",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="w = g · v / ‖v‖₂ per output unit, g and v learned",
    use_when="batch normalization does not fit: tiny batches, generative models, reinforcement learning",
    trade_off="no noise of batches, so it regularizes less than batch normalization",
    interactions=(
        ("batch_norm", "does its work already: use one of them"),
        ("weight_decay", "on v it only raises the learning rate: leave v out"),
    ),
    source="Salimans & Kingma 2016, Weight Normalization, eq. 2",
    rewrite=_weight_normalization,
)

WEIGHT_STANDARDIZATION = Lever(
    name="weight_standardization",
    title="Weight standardization",
    family="normalization",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="Ŵ = (W − mean of W) / √(variance of W + ε) per output unit",
    use_when="convolutions with group normalization, where batches are small",
    trade_off="outputs change when it is put into a trained model; layers without a normalization behind are left out",
    interactions=(("l2", "has no effect on the scale of W"), ("batch_norm", "or another normalization must follow it")),
    source="Qiao et al. 2019, Micro-Batch Training with Batch-Channel Normalization and Weight Standardization",
    rewrite=_weight_standardization,
)

SPECTRAL_NORMALIZATION = Lever(
    name="spectral_normalization",
    title="Spectral normalization",
    family="normalization",
    strength="1 puts it in, 0 takes it out",
    bounds=Interval(0, 1, integer=True),
    strengths=(1,),
    equation="W_SN = W / σ(W), σ the largest singular value by power iteration",
    use_when="critics of GANs, and models whose outputs must not react wildly to small changes of the inputs",
    trade_off="every kernel has spectral norm 1, also where a larger one would be right; outputs change when put in",
    interactions=(
        ("batch_norm", "undoes the bound: its scale is learned"),
        ("spectral_norm_cap", "leaves kernels within the cap alone: use one of them"),
    ),
    source="Miyato et al. 2018, Spectral Normalization for Generative Adversarial Networks, eq. 8",
    rewrite=_spectral_normalization,
)

FILTER_RESPONSE_NORMALIZATION = Lever(
    name="filter_response_normalization",
    title="Filter response normalization",
    family="normalization",
    strength="ε, added to the mean square",
    bounds=Interval(0, closed="neither"),
    strengths=(1e-6,),
    equation="z = max(γ x / √(mean of x² over space + ε) + β, τ)",
    use_when="convolutional nets with small batches: nothing depends on other samples",
    trade_off="it takes the place of the activation too, and wants a warm-up of the learning rate",
    interactions=(("batch_norm", "it takes the place of that and the ReLU behind it"),),
    source="Singh & Krishnan 2020, Filter Response Normalization Layer, section 3",
    usage="layers.FilterResponseNormalization()",
)
