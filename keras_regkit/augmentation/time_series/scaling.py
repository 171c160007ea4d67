"""Features made larger or smaller."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._normal import draws_of, normals
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class Scaling(SeriesAugmentation):
    """Multiplies each feature of a series by a random factor.

        x_f ↦ s_f x_f,  s_f ~ N(1, σ²)

    Use it where the gain of sensors differs between devices and people, and the shape of a series tells its class.

    Args:
        stddev: σ, at least 0. Defaults to 0.1, as in the reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2.

    Example:

    >>> series = np.ones((2, 3, 1), "float32")
    >>> scaled = Scaling(0.5, seed=1)(series).numpy()
    >>> bool((scaled == scaled[:, :1]).all()), bool((scaled == 1).any())
    (True, False)
    """

    RANGES = {"stddev": Interval(0, closed="left"), **PROBABILITY}  # noqa: RUF012

    def __init__(self, stddev: float = 0.1, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, stddev=stddev, probability=self.probability)
        self.stddev = stddev

    def draws_for(self, shape):
        return draws_of(shape[1])

    def transform(self, x, numbers, mask, ops):
        factor = 1 + self.stddev * normals(numbers, ops)[:, None, : x.shape[-1]]
        return x * factor if mask is None else ops.where(mask[..., None], x * factor, x)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}
