"""Categories drawn anew."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._plain import plain
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.tabular._columns import Columns, check_columns, is_one_of
from keras_regkit.augmentation.tabular._row_layer import RowAugmentation, check_fits, donated, replaced


class Frequencies:
    """What `frequencies` may be: None, or a list with numbers for the codes of each column, or None for a column."""

    def check(self, name, value):
        """Returns the frequencies; raises `TypeError` for a wrong kind, `ValueError` for wrong numbers."""
        wanted = f"`{name}` must be a list with one entry for each categorical column: a list of numbers, or None"
        if value is None:
            return value
        if not isinstance(value, list | tuple) or not all(v is None or isinstance(v, list | tuple) for v in value):
            raise TypeError(f"{wanted}. Received: {value!r}")
        held = [number for column in value for number in column or ()]
        if not all(isinstance(v, int | float) and not isinstance(v, bool) for v in held):
            raise TypeError(f"{wanted}. Received: {value!r}")
        sums = [sum(column) for column in value if column is not None]
        if not all(np.isfinite(v) and v >= 0 for v in held) or not all(total > 0 for total in sums):
            raise ValueError(f"{wanted}, of frequencies or counts, not all 0 and none below. Received: {value!r}")
        return value

    def bad_values(self):
        """Values that `check` must refuse, with the error each deserves."""
        bad = [(value, TypeError) for value in (True, "batch", 0.5, [0.2, 0.8], [["often"]], [[True, False]])]
        return [*bad, ([[]], ValueError), ([[0.0, 0.0]], ValueError), ([[-1, 2]], ValueError)]


@keras.saving.register_keras_serializable("keras_regkit")
class CategoricalResample(RowAugmentation):
    """Draws cells of categorical columns anew, by how often each value comes.

        x_ic ← v with probability rate,   P(v) = frequency of v in column c

    Use it for categories with many rare values, or where they are known to be wrong at times. Numeric columns are left
    alone. What is drawn may be the value that was there.

    Args:
        categorical: List of the categorical columns, counted from 0, at least one.
        rate: Probability that a cell is drawn anew, in [0, 1]. Defaults to 0.1.
        frequencies: List with one entry for each of the categorical columns, in their order: the frequencies or counts
            of the codes 0, 1, …, or None for those of the batch. None for those of the batch in all columns, which may
            hold any values then. Defaults to None.
        probability: Share of the rows that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Rows `(batch, columns)` or `(columns,)` of any numeric dtype, or a dict with `rows`; further keys pass
            through. A boolean `mask` of the same shape in the dict says which cells are known: the others stay, and
            are given to nobody.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, names columns that are not there, or has codes
            that the dtype cannot hold; or rows have the wrong rank, or hold NaN.

    A `NoEffectWarning` says where there is one row alone, and no frequencies for some column.

    Reference:
        Breiman 2001, Random Forests, section 10, for noise in one variable with the distribution that it has; there
        all rows of it are permuted.

    Example:

    >>> rows = np.array([[0.5, 0.0], [0.7, 0.0]], "float32")
    >>> CategoricalResample([1], rate=1.0, frequencies=[[0, 0, 3]])(rows).numpy()[:, 1].tolist()
    [2.0, 2.0]
    """

    RANGES = {  # noqa: RUF012
        "categorical": Columns(some=True),
        "rate": Interval(0, 1),
        "frequencies": Frequencies(),
        **PROBABILITY,
    }
    needs_others_for = "it is all there is to draw from, where no `frequencies` are given"

    def __init__(
        self,
        categorical: Sequence[int],
        rate: float = 0.1,
        frequencies: Sequence[Sequence[float] | None] | None = None,
        **kwargs: Any,
    ):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, categorical=categorical, rate=rate, frequencies=frequencies)
        if frequencies is not None and len(frequencies) != len(categorical):
            raise ValueError(
                f"`frequencies` must have one entry for each of the {len(categorical)} columns in `categorical`. "
                f"Received: {frequencies!r}, with {len(frequencies)}"
            )
        self.categorical = categorical
        self.rate = rate
        self.frequencies = frequencies

    def needs_others(self):
        return self.frequencies is None or None in self.frequencies

    def check_sample_shape(self, shape):
        super().check_sample_shape(shape)
        check_columns("categorical", self.categorical, shape[0], self.name)

    def check_batch(self, x):
        super().check_batch(x)
        check_fits("frequencies", [len(codes) - 1 for codes in self.frequencies or () if codes], x, self.name)

    def draws_for(self, shape):
        return 2 * shape[0]

    def transform(self, x, numbers, mask, ops):
        columns = x.shape[1]
        chosen, drawn = numbers[:, :columns], numbers[:, columns:]
        resampled = ops.logical_and(chosen < self.rate, is_one_of(self.categorical, columns))
        resampled = resampled if mask is None else ops.logical_and(resampled, mask)
        if self.needs_others():
            batch = ops.shape(x)[0]
            donor = ops.minimum(ops.cast(ops.floor(drawn * ops.cast(batch, "float32")), "int32"), batch - 1)
            from_batch = resampled if mask is None else ops.logical_and(resampled, donated(mask, donor, ops))
            new = ops.where(from_batch, donated(x, donor, ops), x)
        else:
            new = x
        if self.frequencies is None:
            return new
        given = [c for c, f in zip(self.categorical, self.frequencies, strict=True) if f is not None]
        asked = ops.logical_and(resampled, is_one_of(given, columns))
        return replaced(new, asked, self._codes(drawn, ops), ops)

    def get_config(self):
        own = {"categorical": self.categorical, "rate": self.rate, "frequencies": self.frequencies}
        return {**super().get_config(), **{name: plain(value) for name, value in own.items()}}

    def _codes(self, numbers, ops):
        """Returns codes by their frequencies, `(batch, columns)`; 0 in columns that have none."""
        given = dict(zip(self.categorical, self.frequencies, strict=True))
        codes = []
        for column in range(numbers.shape[1]):
            weights = np.asarray(given.get(column) or [1.0], "float64")
            # Each number that a draw is not below is a code further.
            ends = np.cumsum(weights)[:-1] / weights.sum()
            # The last codes may have no frequency: they are not for a draw that is 1 after rounding.
            ends = ends[ends < 1 - 1e-7].astype("float32")
            passed = numbers[:, column : column + 1] >= ops.convert_to_tensor(ends[None], dtype="float32")
            codes.append(ops.sum(ops.cast(passed, "float32"), axis=1))
        return ops.stack(codes, axis=1)
