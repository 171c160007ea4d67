"""Series that run faster here and slower there."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._normal import draws_of, normals
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series import _spline
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation
from keras_regkit.augmentation.time_series._valid import Valid

# Time must not stand still, nor run backwards.
_SLOWEST = 0.1


@keras.saving.register_keras_serializable("keras_regkit")
class TimeWarp(SeriesAugmentation):
    """Runs along a series with a smooth random speed; its ends stay where they are.

        x(t) ↦ x(τ(t)),  τ(t) = T ∫₀ᵗ v / ∫₀ᵀ v,  v a cubic spline through speeds N(1, σ²)

    Use it where the same movement or event is quicker at one time than at another. All features of a series share the
    time, so that sensors stay together; in the code of the reference each has its own, and the curve is that of the
    new time over the old one. Where a speed would fall below 0.1, all deviations from 1 of its curve shrink until none
    does: time never turns. Values between steps are interpolated linearly.

    Args:
        stddev: σ of the speeds, at least 0. Defaults to 0.2, as in the reference.
        knots: Number of speeds between the ends of the series, at least 1; there is one at each end besides. Defaults
            to 4, as in the reference.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. With padding, by a mask or `lengths` in the dict, time is warped within what is valid.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, or the series have the wrong rank.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2.

    Example:

    >>> clock = np.arange(50, dtype="float32").reshape(1, 50, 1)
    >>> warped = TimeWarp(seed=1)(clock).numpy()[0, :, 0]
    >>> bool((np.diff(warped) > 0).all()), warped[[0, -1]].round(3).tolist()
    (True, [0.0, 49.0])
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
        return draws_of(self.knots + 2)

    def transform(self, x, numbers, mask, ops):
        points = self.knots + 2
        deviation = self.stddev * normals(numbers, ops)[:, :points, None]
        slowest = ops.min(_spline.combine(_spline.values(points), deviation, ops), axis=1, keepdims=True)
        # A spline is linear in its values, so that a share of all deviations is the same share of the lowest.
        limit = _SLOWEST - 1
        share = ops.where(slowest < limit, limit / ops.minimum(slowest, limit), ops.ones_like(slowest))
        coefficients = _spline.combine(_spline.integrals(points), 1 + share * deviation, ops)
        valid = Valid.of(x, mask, ops)
        passed = _spline.evaluate(coefficients, valid.fraction(ops), ops)[..., 0]
        whole = ops.sum(coefficients[:, -1, :, 0], axis=1, keepdims=True)
        return valid.kept(valid.read(x, (valid.length - 1) * passed / whole, ops), x, ops)

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev, "knots": self.knots}
