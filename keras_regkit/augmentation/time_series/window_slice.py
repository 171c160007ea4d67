"""A part of a series, stretched to its length."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._valid import Valid, whole


@keras.saving.register_keras_serializable("keras_regkit")
class WindowSlice(SeriesAugmentation):
    """Cuts a slice of a series at a random place, and stretches it to the length of the series.

        x(t) ↦ x(a + t (m − 1)/(n − 1)),  m = ⌈r n⌉,  a uniform in {0, …, n − m}

    Use it where what tells the class is found in any part of a series. Values between steps are interpolated linearly.
    In the reference, slices stay short, and a series is classified by the votes of its slices.

    Args:
        ratio: r, the share of the series that is kept, in (0, 1]. Defaults to 0.9, as in the reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, the slice is one of what is valid, and stretched
            to its length.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Le Guennec et al. 2016, Data Augmentation for Time Series Classification using Convolutional Neural Networks,
        section 3.1.

    Example:

    >>> clock = np.arange(11, dtype="float32").reshape(1, 11, 1)
    >>> part = WindowSlice(0.5, seed=1)(clock).numpy()[0, :, 0]
    >>> np.diff(part).tolist()  # six steps, in the time of eleven
    [0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5, 0.5]
    """

    RANGES = {"ratio": Interval(0, 1, closed="right"), **PROBABILITY}  # noqa: RUF012
    own_draws = 1

    def __init__(self, ratio: float = 0.9, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, ratio=ratio, probability=self.probability)
        self.ratio = ratio

    def transform(self, x, numbers, mask, ops):
        valid = Valid.of(x, mask, ops)
        # Rounded up, but not for the last digits of a float.
        size = ops.floor(self.ratio * valid.length + (1 - 1e-4))
        start = whole(numbers[:, :1], valid.length - size, ops)
        return valid.kept(valid.read(x, start + (size - 1) * valid.fraction(ops), ops), x, ops)

    def get_config(self):
        return {**super().get_config(), "ratio": self.ratio}
