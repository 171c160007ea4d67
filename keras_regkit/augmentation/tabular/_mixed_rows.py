"""Rows of mixed columns blended: a pure function of tensors and uniform numbers."""

import dataclasses
from typing import Any

from keras_regkit._core.beta import beta
from keras_regkit.augmentation.mixing._kernel import SHARED_DRAWS, partners
from keras_regkit.augmentation.mixing._labels import dense, dense_dtype
from keras_regkit.augmentation.tabular._columns import is_one_of


@dataclasses.dataclass(frozen=True)
class Recipe:
    """What is known before the rows are. It is hashable, so that compiled code can be found by it.

    Args:
        categorical: The columns that are taken from one of the two rows.
        per_batch: Whether λ is the same for the whole batch.
        probability: Share of the rows, or batches, that are mixed.
        pair: Whether labels stay as they are, as two with their share.
        num_classes: Number of classes where labels are class ids, else None.
        dtype: That of the mixed rows.
        shapes: Those of all tensors without the batch, so that code is compiled for each and not for all of them.
        ops: The functions to compute with.
    """

    categorical: tuple
    per_batch: bool
    probability: float
    pair: bool
    num_classes: int | None
    dtype: str
    shapes: tuple
    ops: Any


def mix_rows(recipe, x, ys, weights, numbers, alpha):
    """Returns the mixed `(x, ys, weights)`; ys are `(*ours, *theirs, share)` where they stay apart.

    Args:
        recipe: A `Recipe`.
        x: Rows `(batch, columns)`.
        ys, weights: Lists of tensors `(batch, ...)`.
        numbers: Uniform numbers in [0, 1), `(batch, draws)`.
        alpha: α, a scalar tensor.
    """
    ops = recipe.ops
    partner = partners(numbers[:, 0], ops)
    own = numbers[:1] if recipe.per_batch else numbers
    share = beta(alpha, own[:, 1], own[:, 2], own[:, 3], ops)
    if recipe.probability < 1:
        share = ops.where(own[:, -1] < recipe.probability, share, 1.0)
    share = share + ops.zeros_like(numbers[:, 0])
    blend = share[:, None]
    if recipe.categorical:
        columns = x.shape[1]
        ours = numbers[:, SHARED_DRAWS : SHARED_DRAWS + columns] < blend
        blend = ops.where(is_one_of(recipe.categorical, columns), ops.cast(ours, "float32"), blend)
    wide = ops.cast(x, "float32")
    # Blending with 0 and 1 is exact: categories stay what they are.
    mixed = blend * wide + (1 - blend) * ops.take(wide, partner, axis=0)
    mixed = ops.cast(mixed if "float" in recipe.dtype else ops.round(mixed), recipe.dtype)
    weights = [_blended(ops.cast(w, dense_dtype(w)), partner, share, ops) for w in weights]
    if recipe.pair:
        return mixed, [*ys, *[ops.take(y, partner, axis=0) for y in ys], share], weights
    return mixed, [_blended(dense(y, recipe.num_classes, ops), partner, share, ops) for y in ys], weights


def _blended(values, partner, share, ops):
    """Returns labels or weights, each λ of its own and 1 − λ of its partner's, in the dtype that they have."""
    share = share[(slice(None), *(None for _ in values.shape[1:]))]
    wide = ops.cast(values, "float32")
    return ops.cast(share * wide + (1 - share) * ops.take(wide, partner, axis=0), values.dtype)
