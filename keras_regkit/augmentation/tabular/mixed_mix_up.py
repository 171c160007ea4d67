"""Rows of numbers and categories blended with others."""

import warnings
from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit._core.strength import Strength
from keras_regkit._core.types import StrengthLike
from keras_regkit._core.warnings import NoEffectWarning
from keras_regkit.augmentation._namespace import compiled
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation.mixing._batch import unpack
from keras_regkit.augmentation.mixing._kernel import SHARED_DRAWS
from keras_regkit.augmentation.mixing._layer import SHARED, Mixing
from keras_regkit.augmentation.tabular._columns import Columns, check_columns
from keras_regkit.augmentation.tabular._mixed_rows import Recipe, mix_rows

# One for all layers: what differs between them is in the recipe.
_KERNEL = compiled(mix_rows)


@keras.saving.register_keras_serializable("keras_regkit")
class MixedMixUp(Mixing):
    """Mixup for rows of numbers and categories: numbers are blended, a category is that of one row or of the other.

        x_c ← λ x_c + (1 − λ) x′_c             in numeric columns
        x_c ← x_c with probability λ, else x′_c    in categorical columns
        y ← λ y + (1 − λ) y′,   λ ~ Beta(α, α)

    Use it where `mixing.MixUp` would make categories that there are not. Each category is chosen by itself, and labels
    are blended by λ, which is the share of the row that is kept on average.

    Args:
        alpha: α of the Beta distribution, above 0: a number, or a schedule over training steps, as in
            `mixing.MixUp`. Small ones mix little. Defaults to 0.2.
        categorical: List of the categorical columns, counted from 0. Defaults to none.
        num_classes, per, probability, labels, seed: As in `mixing.MixUp`.
        **kwargs: Further arguments of `keras.layers.Layer`.

    Call arguments:
        inputs: `(x, y)` or `(x, y, sample_weight)`, or a dict as `mixing.MixUp` takes it, with rows
            `(batch, columns)` for x: floats, or integers of up to 16 bits. They come back in the same form.
        training: Whether to mix. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: as in `mixing.MixUp`; or x are no rows, or lack a column that `categorical` names.

    A `NoEffectWarning` says where a batch of one is handed through, as far as sizes are known.

    Reference:
        Zhang et al. 2018, mixup: Beyond Empirical Risk Minimization, equation 1, for numbers; Yun et al. 2019, CutMix,
        equation 1, with a mask of single cells, for categories.

    Example:

    >>> mix = MixedMixUp(alpha=1.0, categorical=[1], seed=1)
    >>> rows = np.array([[0.0, 3.0], [1.0, 7.0]], "float32")
    >>> x, y = mix((rows, np.array([0.0, 1.0], "float32")))
    >>> bool(np.isin(x[:, 1], [3, 7]).all()), bool(np.allclose(x[:, 0], y))
    (True, True)
    """

    RANGES = {"alpha": Interval(0, closed="neither"), "categorical": Columns(), **SHARED}  # noqa: RUF012

    def __init__(
        self,
        alpha: StrengthLike = 0.2,
        categorical: Sequence[int] = (),
        num_classes: int | None = None,
        per: str = "sample",
        probability: float = 1.0,
        labels: str = "dense",
        seed: int | None = None,
        **kwargs: Any,
    ):
        super().__init__(num_classes, per, probability, labels, seed, **kwargs)
        check_arguments({"categorical": self.RANGES["categorical"]}, categorical=categorical)
        self._alpha = Strength("alpha", alpha, self.RANGES["alpha"], owner=self.name)
        self.categorical = categorical

    @property
    def alpha(self):
        """α as it was given: a number or a schedule."""
        return self._alpha.given

    @property
    def strengths(self):
        return (self._alpha,)

    def shape_of_numbers(self, inputs, ops):
        x = self._rows(self._samples(unpack(inputs, self.name)))
        return ops.shape(x)[0], SHARED_DRAWS + x.shape[1] + (self.probability < 1)

    def augment(self, inputs, numbers, ops, alphas=None):
        batch = unpack(inputs, self.name)
        xs, ys, weights = self._checked(batch)
        x = self._rows(xs)
        if x.shape[0] == 1:
            warnings.warn(
                f"Layer {self.name!r} received a batch of one: there is nothing to mix it with",
                NoEffectWarning,
                stacklevel=2,
            )
            return self.rest(inputs)
        (alpha,) = self.alphas(inputs) if alphas is None else alphas
        recipe = Recipe(
            categorical=tuple(self.categorical),
            per_batch=self.per == "batch",
            probability=self.probability,
            pair=self.labels == "pair",
            num_classes=self.num_classes,
            dtype=keras.backend.standardize_dtype(self.dtype_out(x.dtype)),
            shapes=tuple(tuple(tensor.shape[1:]) for tensor in (x, *ys, *weights)),
            ops=ops,
        )
        alpha = ops.convert_to_tensor(alpha, dtype="float32")
        x, ys, weights = _KERNEL(recipe, x, ys, weights, numbers, alpha)
        return self._packed(batch, [x], ys, weights)

    def get_config(self):
        return {**super().get_config(), "categorical": plain(self.categorical)}

    def _checked(self, batch):
        xs, ys, weights = super()._checked(batch)
        self._rows(xs)
        return xs, ys, weights

    def _rows(self, xs):
        """Returns the one tensor of rows; raises `ValueError` where samples are something else."""
        if len(xs) != 1 or len(xs[0].shape) != 2 or xs[0].shape[1] is None:
            raise ValueError(
                f"Layer {self.name!r} takes one tensor of rows (batch, columns). Received: shapes "
                f"{[tuple(x.shape) for x in xs]}. mixing.MixUp blends samples of any rank"
            )
        check_columns("categorical", self.categorical, xs[0].shape[1], self.name)
        return xs[0]
