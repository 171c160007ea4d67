"""Noise on numeric columns."""

from collections.abc import Sequence
from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._normal import normal
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.tabular._columns import Columns, PerColumn, check_columns, check_width, is_one_of
from keras_regkit.augmentation.tabular._row_layer import RowAugmentation, moments, replaced


@keras.saving.register_keras_serializable("keras_regkit")
class GaussianJitter(RowAugmentation):
    """Adds normal noise to numeric columns, in proportion to how much each of them varies.

        x_ic ← x_ic + stddev · s_c z,  z ~ N(0, 1)

    Use it on tables where close numbers mean the same: the model then is smooth in its inputs. Categorical columns are
    left alone.

    Args:
        stddev: Standard deviation of the noise, at least 0, in units of s_c. Defaults to 0.05.
        scales: s_c, a list with one number for each column, each at least 0; those of categorical columns do not
            count. None for the standard deviation of the column in the batch. Defaults to None.
        categorical: List of the columns that are left alone, counted from 0. Defaults to none.
        probability: Share of the rows that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Rows `(batch, columns)` or `(columns,)` of any numeric dtype, or a dict with `rows`; further keys pass
            through. A boolean `mask` of the same shape in the dict says which cells are known: the others stay, and
            have no part in standard deviations. Whole numbers are rounded, and stay within their dtype.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, does not go with the number of columns, or rows have
            the wrong rank, or hold NaN.

    A `NoEffectWarning` says where there is one row alone and no `scales`.

    Reference:
        Bishop 1995, Training with Noise is Equivalent to Tikhonov Regularization, equation 3.

    Example:

    >>> rows = np.array([[1.0, 3.0], [2.0, 3.0]], "float32")
    >>> jittered = GaussianJitter(0.1, categorical=[1], seed=1)(rows).numpy()
    >>> bool((jittered[:, 0] != rows[:, 0]).all()), jittered[:, 1].tolist()
    (True, [3.0, 3.0])
    """

    RANGES = {  # noqa: RUF012
        "stddev": Interval(0, closed="left"),
        "scales": PerColumn(low=0, single=False, optional=True),
        "categorical": Columns(),
        **PROBABILITY,
    }
    needs_others_for = "without `scales` there is nothing to tell how much its columns vary"

    def __init__(
        self,
        stddev: float = 0.05,
        scales: Sequence[float] | None = None,
        categorical: Sequence[int] = (),
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, stddev=stddev, scales=scales, categorical=categorical)
        self.stddev = stddev
        self.scales = scales
        self.categorical = categorical

    def needs_others(self):
        return self.scales is None

    def check_sample_shape(self, shape):
        super().check_sample_shape(shape)
        check_columns("categorical", self.categorical, shape[0], self.name)
        check_width("scales", self.scales, shape[0], self.name)

    def draws_for(self, shape):
        return 2 * shape[0]

    def transform(self, x, numbers, mask, ops):
        if self.scales is None:
            scale = moments(x, mask, ops)[1]
        else:
            scale = ops.convert_to_tensor([[float(value) for value in self.scales]], dtype="float32")
        new = ops.cast(x, "float32") + self.stddev * scale * normal(numbers, ops)
        changed = ops.equal(x, x) if mask is None else mask
        if self.categorical:
            changed = ops.logical_and(changed, ~is_one_of(self.categorical, x.shape[1]))
        return replaced(x, changed, new, ops)

    def get_config(self):
        own = {"stddev": self.stddev, "scales": plain(self.scales), "categorical": plain(self.categorical)}
        return {**super().get_config(), **own}
