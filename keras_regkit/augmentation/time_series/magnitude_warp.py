"""Features whose size changes smoothly along the series."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._normal import draws_of, normals
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series import _spline
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._valid import Valid


@keras.saving.register_keras_serializable("keras_regkit")
class MagnitudeWarp(SeriesAugmentation):
    """Multiplies each feature of a series by a smooth random curve around 1.

        x_f(t) ↦ s_f(t) x_f(t),  s_f a cubic spline through factors N(1, σ²)

    Use it where the gain of sensors drifts, or an activity is done with changing force.

    Args:
        stddev: σ of the factors, at least 0. Defaults to 0.2, as in the reference.
        knots: Number of factors between the ends of the series, at least 1; there is one at each end besides. Few make
            smooth curves. Defaults to 4, as in the reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, the curve spans what is valid.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2.

    Example:

    >>> series = np.ones((2, 50, 1), "float32")
    >>> curve = MagnitudeWarp(seed=1)(series).numpy()[0, :, 0]
    >>> bool(np.abs(np.diff(curve, 2)).max() < 0.03), bool(curve.std() > 0.01)
    (True, True)
    """

    RANGES = {  # noqa: RUF012
        "stddev": Interval(0, closed="left"),
        "knots": Interval(1, integer=True, closed="left"),
        **PROBABILITY,
    }

    def __init__(self, stddev: float = 0.2, knots: int = 4, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, stddev=stddev, knots=knots, probability=self.probability)
        self.stddev = stddev
        self.knots = knots

    def draws_for(self, shape):
        return draws_of((self.knots + 2) * shape[1])

    def transform(self, x, numbers, mask, ops):
        points, features = self.knots + 2, x.shape[-1]
        noise = normals(numbers, ops)[:, : points * features]
        factors = 1 + self.stddev * ops.reshape(noise, (-1, points, features))
        valid = Valid.of(x, mask, ops)
        curve = _spline.evaluate(_spline.combine(_spline.pieces(points), factors, ops), valid.fraction(ops), ops)
        return valid.kept(x * curve, x, ops)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "knots": self.knots}
