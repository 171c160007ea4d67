"""Learning rates that fall from the last layer to the first."""

import re
from collections.abc import Sequence

import keras

from keras_regkit._core.checks import Interval, check_arguments, did_you_mean
from keras_regkit._core.tracking import sublayers, weights_that_may_train
from keras_regkit.optimizers._paths import check_pattern, fits

RANGES = {"decay": Interval(0, closed="right")}


def layerwise_learning_rates(model: keras.Model, decay: float, blocks: Sequence[str] | None = None) -> dict[str, float]:
    """Returns multipliers of the learning rate that fall from the model's outputs to its inputs.

    Use it to fine-tune a pretrained model: the last layers learn at the full rate, those before them slower and slower.

        m_b = decay^(B − b)   for block b = 1 ... B, from the inputs to the outputs

    Args:
        model: A built model. Frozen layers count like all others, so that they have their rates when they train.
        decay: The ratio of the rates of two neighbouring blocks, in (0, ∞). The paper's is 1 / 2.6; for transformers
            0.8 to 0.95 is usual. 1 gives all the same.
        blocks: List of regular expressions, one for each block, from the inputs to the outputs, that fit the ends of
            the weights' paths from the beginning of a name: `["embedding/.*", "block_1/.*", "head/.*"]`. Weights that
            none fits keep a multiplier of 1. Defaults to None: each layer that holds weights is a block of its own, in
            the order of the model.

    Returns:
        Dict from a regular expression to a multiplier, for `LearningRateMultipliers`. Where layers are frozen now, give
        that optimizer `multipliers_strict=False` too.

    Raises:
        TypeError, ValueError: the decay is no number, or not above 0; the model is not built, or has no weights that
            can train; two layers share a name; a block fits no weight.

    Reference:
        Howard & Ruder 2018, "Universal Language Model Fine-tuning for Text Classification", section 3.2.

    Example:

    >>> import keras
    >>> layers = [keras.layers.Dense(2, name=name) for name in ("first", "second", "head")]
    >>> model = keras.Sequential([keras.Input((2,)), *layers])
    >>> layerwise_learning_rates(model, decay=0.5)
    {'first/.*': 0.25, 'second/.*': 0.5, 'head/.*': 1.0}
    """
    check_arguments({"decay": Interval(0, closed="neither")}, decay=decay)
    paths = [variable.path for variable in weights_that_may_train(model)]
    if not paths:
        raise ValueError(
            f"`model` must be built, and have weights that can train. Received: {model.name!r}, which has none"
        )
    patterns = _of_layers(model) if blocks is None else _checked(blocks, paths)
    return {pattern: float(decay) ** (len(patterns) - 1 - i) for i, pattern in enumerate(patterns)}


def _of_layers(model):
    names = [layer.name for layer in _with_weights(model)]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(
            f"The layers of {model.name!r} must have different names, for their weights to be told apart. Received: "
            f"several called {twice}. Rename them, or give `blocks`"
        )
    return [f"{re.escape(name)}/.*" for name in names]


def _with_weights(layer):
    """The innermost layers with weights of that kind, in order, where a layer makes none but those of its sublayers."""
    inner = [within for within in sublayers(layer) if weights_that_may_train(within)]
    own = {id(v) for v in weights_that_may_train(layer)} - {
        id(v) for within in inner for v in weights_that_may_train(within)
    }
    if not inner or (own and not _is_model(layer)):
        return [layer]
    return [found for within in inner for found in (_with_weights(within) if _is_model(within) else [within])]


def _is_model(layer):
    return isinstance(layer, keras.Model)


def _checked(blocks, paths):
    if not isinstance(blocks, list | tuple) or not blocks or not all(isinstance(b, str) for b in blocks):
        raise TypeError(f"`blocks` must be a list of regular expressions, with at least one. Received: {blocks!r}")
    for pattern in blocks:
        check_pattern("blocks", pattern, blocks)
        if not any(fits(pattern, path) for path in paths):
            raise ValueError(
                f"`blocks` must name weights that can train by the end of their paths.{did_you_mean(pattern, paths)} "
                f"Received: {pattern!r}, which fits none of {paths}"
            )
    if len(set(blocks)) < len(blocks):
        raise ValueError(f"`blocks` must name each block once. Received: {blocks!r}")
    return list(blocks)
