"""Cells left out."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.tabular._columns import Columns, PerColumn, check_columns, check_width, is_one_of
from keras_regkit.augmentation.tabular._row_layer import RowAugmentation, check_fits, moments, replaced


@keras.saving.register_keras_serializable("keras_regkit")
class FeatureDropout(RowAugmentation):
    """Sets cells to a value that says nothing.

        x_ic ← fill_c with probability rate

    Use it so that a model does not hang on single columns, and where columns will be missing: then fill in what stands
    for missing values there. Unlike `Dropout` it scales nothing, since a filled cell is not an absent one.

    Args:
        rate: Probability that a cell is filled, in [0, 1]. Defaults to 0.1.
        fill_value: What cells are filled with: a number, a list with one for each column, or `"mean"` for the mean of
            the column in the batch, in categorical columns the most frequent value. Defaults to 0, the mean of
            standardized columns.
        categorical: List of the categorical columns, counted from 0; it counts for `"mean"` alone. Defaults to none.
        probability: Share of the rows that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Rows `(batch, columns)` or `(columns,)` of any numeric dtype, or a dict with `rows`; further keys pass
            through. A boolean `mask` of the same shape in the dict says which cells are known: the others stay, and
            have no part in means. In columns of whole numbers, what is filled in is rounded.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, does not go with the number of columns or their dtype;
            or rows have the wrong rank, or hold NaN.

    A `NoEffectWarning` says where there is one row alone, which is its own mean.

    Reference:
        Vincent et al. 2010, Stacked Denoising Autoencoders, section 3.3, masking noise.

    Example:

    >>> rows = np.array([[1.0, 4.0], [3.0, 4.0], [2.0, 7.0]], "float32")
    >>> FeatureDropout(1.0, fill_value="mean", categorical=[1])(rows).numpy().tolist()
    [[2.0, 4.0], [2.0, 4.0], [2.0, 4.0]]
    """

    RANGES = {  # noqa: RUF012
        "rate": Interval(0, 1),
        "fill_value": PerColumn(word="mean"),
        "categorical": Columns(),
        **PROBABILITY,
    }
    needs_others_for = "it is its own mean"

    def __init__(
        self,
        rate: float = 0.1,
        fill_value: float | Sequence[float] | str = 0.0,
        categorical: Sequence[int] = (),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, fill_value=fill_value, categorical=categorical)
        self.rate = rate
        self.fill_value = fill_value
        self.categorical = categorical

    def needs_others(self):
        return self.fill_value == "mean"

    def check_sample_shape(self, shape):
        super().check_sample_shape(shape)
        check_columns("categorical", self.categorical, shape[0], self.name)
        check_width("fill_value", self.fill_value, shape[0], self.name)

    def check_batch(self, x):
        super().check_batch(x)
        if self.fill_value != "mean":
            check_fits("fill_value", self._fill_values(), x, self.name)

    def draws_for(self, shape):
        return shape[0]

    def transform(self, x, numbers, mask, ops):
        filled = numbers < self.rate
        filled = filled if mask is None else ops.logical_and(filled, mask)
        if self.fill_value != "mean":
            return replaced(x, filled, ops.convert_to_tensor([self._fill_values()], dtype="float32"), ops)
        new = replaced(x, filled, moments(x, mask, ops)[0], ops)
        if not self.categorical:
            return new
        most = most_frequent(x, self.categorical, mask, ops)
        # Spread to all columns; those of the others are not looked at.
        chosen = is_one_of(self.categorical, x.shape[1])
        return ops.where(ops.logical_and(filled, chosen), most, new)

    def get_config(self):
        own = {"rate": self.rate, "fill_value": plain(self.fill_value), "categorical": plain(self.categorical)}
        return {**super().get_config(), **own}

    def _fill_values(self):
        """Returns the numbers that cells are filled with: one for all columns, or one for each."""
        given = self.fill_value if isinstance(self.fill_value, list | tuple) else [self.fill_value]
        return [float(value) for value in given]


def most_frequent(x, columns, known, ops):
    """Returns rows `(1, columns)` with the most frequent value of some of the columns, the first one of several.

    Args:
        x: Rows `(batch, columns)`.
        columns: The columns to look at; the others hold anything.
        known: Boolean `(batch, columns)`, which cells count, or None for all.
        ops: The functions to compute with.
    """
    parts = []
    for column in range(x.shape[1]):
        values = x[:, column]
        if column in columns:
            same = ops.equal(values[:, None], values[None])
            same = same if known is None else ops.logical_and(same, known[None, :, column])
            count = ops.sum(ops.cast(same, "float32"), axis=1)
            count = count if known is None else ops.where(known[:, column], count, -1.0)
            values = ops.take(values, ops.argsort(-count, axis=-1), axis=0)
        parts.append(values[:1])
    return ops.stack(parts, axis=1)
