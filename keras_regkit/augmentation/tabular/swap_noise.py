"""Cells swapped for those of other rows."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.tabular._columns import Columns, check_columns, is_one_of
from keras_regkit.augmentation.tabular._row_layer import RowAugmentation, donated, others


@keras.saving.register_keras_serializable("keras_regkit")
class SwapNoise(RowAugmentation):
    """Gives cells the value of the same column in another row of the batch.

        x_ic ← x_jc with probability rate,   j ≠ i uniform

    Use it for tables of any kind, and for denoising autoencoders: every value is one that its column has, so it suits
    numbers and categories alike. Combinations of values need not exist; columns that go together are torn apart.

    Args:
        rate: Probability that a cell is swapped, in [0, 1]. Defaults to 0.15.
        frozen: List of columns that are left alone, counted from 0, such as keys. Defaults to none.
        probability: Share of the rows that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Rows `(batch, columns)` or `(columns,)` of any numeric dtype, or a dict with `rows`; further keys pass
            through. A boolean `mask` of the same shape in the dict says which cells are known: the others stay, and
            are given to nobody.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, names columns that are not there, or rows have the
            wrong rank, or hold NaN.

    A `NoEffectWarning` says where there is one row alone.

    Reference:
        Vincent et al. 2010, Stacked Denoising Autoencoders, section 3.3, for noise that replaces parts of the inputs;
        as swaps it was the winner's of Porto Seguro's Safe Driver Prediction on Kaggle (M. Jahrer 2017).

    Example:

    >>> rows = np.array([[0.0, 10.0], [1.0, 11.0], [2.0, 12.0]], "float32")
    >>> swapped = SwapNoise(1.0, seed=1)(rows).numpy()
    >>> bool((swapped != rows).all()), bool(np.isin(swapped[:, 1], rows[:, 1]).all())
    (True, True)
    """

    RANGES = {"rate": Interval(0, 1), "frozen": Columns(), **PROBABILITY}  # noqa: RUF012
    needs_others_for = "there is no other to take values from"

    def __init__(self, rate: float = 0.15, frozen: Sequence[int] = (), **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, rate=rate, frozen=frozen)
        self.rate = rate
        self.frozen = frozen

    def check_sample_shape(self, shape):
        super().check_sample_shape(shape)
        check_columns("frozen", self.frozen, shape[0], self.name)

    def draws_for(self, shape):
        return 2 * shape[0]

    def transform(self, x, numbers, mask, ops):
        columns = ops.shape(x)[1]
        donor = others(numbers[:, columns:], ops)
        swapped = numbers[:, :columns] < self.rate
        if self.frozen:
            swapped = ops.logical_and(swapped, ~is_one_of(self.frozen, x.shape[1]))
        if mask is not None:
            swapped = ops.logical_and(swapped, ops.logical_and(mask, donated(mask, donor, ops)))
        return ops.where(swapped, donated(x, donor, ops), x)

    def get_config(self):
        return {**super().get_config(), "rate": self.rate, "frozen": plain(self.frozen)}
