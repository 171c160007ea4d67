"""Mixing itself: a pure function of tensors and uniform numbers, in one pass over the samples."""

import dataclasses
from typing import Any

import keras

from keras_regkit._core.beta import beta
from keras_regkit.augmentation.mixing._boxes import cut_box, cut_features
from keras_regkit.augmentation.mixing._labels import dense

# Which sample meets which, two numbers for λ, and its side.
SHARED_DRAWS = 4


# Integers of more bits are seldom pixels or audio samples, and often ids, between which there is nothing.
_BLENDED_INTEGERS = ("uint8", "int8", "uint16", "int16")


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is known before the samples are. It is hashable, so that compiled code can be found by it.

    Args:
        switch: Share of the samples that are cut, the others are blended: 0 for MixUp, 1 for CutMix.
        axes: The axes to cut along; None for none, and empty for the features of a table.
        per_batch: Whether λ and the box are the same for the whole batch.
        probability: Share of the samples, or batches, that are mixed.
        pair: Whether labels stay as they are, as two with their share.
        num_classes: Number of classes where labels are class ids, else None.
        dtypes: Those of the mixed samples, one for each tensor.
        erasing: An `Erasing` of what has been mixed, or None.
        shapes: Those of all tensors without the batch, so that code is compiled for each and not for all of them.
        ops: The functions to compute with.
    """

    switch: float
    axes: tuple | None
    per_batch: bool
    probability: float
    pair: bool
    num_classes: int | None
    dtypes: tuple
    erasing: Any
    shapes: tuple
    ops: Any


def mix(recipe, xs, ys, weights, numbers, alphas):
    """Returns the mixed `(xs, ys, weights)`, as lists; ys are `(ours, theirs, share)` where they stay apart.

    Args:
        recipe: A `Recipe`.
        xs, ys, weights: Lists of tensors `(batch, ...)`.
        numbers: Uniform numbers in [0, 1), `(batch, draws)`.
        alphas: α of blending, α of cutting; scalar tensors.
    """
    ops = recipe.ops
    erase = None
    if recipe.erasing is not None:
        kept = numbers.shape[1] - recipe.erasing.draws
        numbers, erase = numbers[:, :kept], recipe.erasing.with_numbers(numbers[:, kept:], ops)
    partner = partners(numbers[:, 0], ops)
    own = numbers[:1] if recipe.per_batch else numbers
    u, v, side = own[:, 1], own[:, 2], own[:, 3]
    column = SHARED_DRAWS
    cuts = None
    if 0 < recipe.switch < 1:
        cuts = own[:, column] < recipe.switch
        column += 1
    chosen = own[:, -1] < recipe.probability if recipe.probability < 1 else None
    alpha = alphas[int(recipe.switch == 1)] if cuts is None else ops.where(cuts, alphas[1], alphas[0])
    share = beta(alpha, u, v, side, ops)
    share = share if chosen is None else ops.where(chosen, share, 1.0)
    inside, blend = None, share
    if recipe.switch > 0:
        asked = 1 - share if cuts is None else ops.where(cuts, 1 - share, 0.0)
        inside, cut = _cut(recipe, xs[0], asked, own[:, column:], ops)
        blend = None if cuts is None else ops.where(cuts, 1.0, share)
        share = 1 - cut if cuts is None else ops.where(cuts, 1 - cut, share)
    share = share + ops.zeros_like(numbers[:, 0])
    xs = [_mixed(x, partner, blend, inside, dtype, ops, erase) for x, dtype in zip(xs, recipe.dtypes, strict=True)]
    weights = [_blended(_as_float(w, ops), partner, share, ops) for w in weights]
    if recipe.pair:
        return xs, [*ys, *[ops.take(y, partner, axis=0) for y in ys], share], weights
    return xs, [_blended(dense(y, recipe.num_classes, ops), partner, share, ops) for y in ys], weights


def can_blend(x):
    """Whether there is something between the values of `x`."""
    dtype = keras.backend.standardize_dtype(x.dtype)
    return "float" in dtype or dtype in _BLENDED_INTEGERS


def partners(numbers, ops):
    """Returns whom each sample meets: the one behind it in a random circle. All others are as likely, itself is not.

    >>> partners(np.array([0.1, 0.9, 0.5], "float32"), keras.ops).__array__().tolist()
    [2, 0, 1]
    """
    circle = ops.argsort(numbers, axis=0)
    place = ops.argsort(circle, axis=0)
    return ops.take(ops.roll(circle, -1, axis=0), place, axis=0)


def _cut(recipe, x, share, numbers, ops):
    if not recipe.axes:
        features = x.shape[-1]
        return cut_features(share, numbers[:, :features], ops)
    shape = ops.shape(x)
    sizes = [shape[axis] for axis in recipe.axes]
    centers = [numbers[:, k] for k in range(len(sizes))]
    return cut_box(share, centers, sizes, recipe.axes, len(x.shape), ops)


def _mixed(x, partner, blend, inside, dtype, ops, erase=None):
    """Returns samples blended, or with a part of their partner's, or either; then what `erase` makes of them."""
    if not can_blend(x):
        return ops.cast(ops.where(inside, ops.take(x, partner, axis=0), x), dtype)
    ours = ops.cast(x, "float32")
    theirs = ops.take(ours, partner, axis=0)
    # Cutting is blending with 0 and 1: XLA reads the partners once where they are used once, and selects more slowly.
    blend = 1.0 if blend is None else blend[(slice(None), *(None for _ in x.shape[1:]))]
    blend = blend if inside is None else ops.where(inside, 0.0, blend)
    mixed = blend * ours + (1 - blend) * theirs
    mixed = mixed if erase is None else erase(mixed)
    return ops.cast(mixed if "float" in keras.backend.standardize_dtype(dtype) else ops.round(mixed), dtype)


def _blended(values, partner, share, ops):
    """Returns labels or weights, each λ of its own and 1 − λ of its partner's, in the dtype that they have."""
    share = share[(slice(None), *(None for _ in values.shape[1:]))]
    wide = ops.cast(values, "float32") if values.dtype != share.dtype else values
    return ops.cast(share * wide + (1 - share) * ops.take(wide, partner, axis=0), values.dtype)


def _as_float(weights, ops):
    is_float = "float" in keras.backend.standardize_dtype(weights.dtype)
    return weights if is_float else ops.cast(weights, "float32")
