"""Noise on series."""

from typing import Any

import keras

from keras_regkit._core.checks import Interval, check_arguments
from keras_regkit.augmentation._hashed import hashed_noise
from keras_regkit.augmentation._sample_layer import PROBABILITY
from keras_regkit.augmentation.time_series._layer import SeriesAugmentation


@keras.saving.register_keras_serializable("keras_regkit")
class Jitter(SeriesAugmentation):
    """Adds independent normal noise to every step of a series.

        x ↦ x + σ z,  z ~ N(0, 1)

    Use it where sensors are noisy, on series of about unit variance; the model then is smooth in its inputs.

    Args:
        stddev: σ, at least 0, in units of the series. Defaults to 0.03, as in the survey.
        probability: Share of the series that are changed, in [0, 1]. Defaults to 1.
        seed: Integer seed. Defaults to None.

    Call arguments:
        inputs: Series `(batch, steps, features)` or `(steps, features)`, or a dict with `series`; further keys pass
            through. Padding, by a mask or `lengths` in the dict, stays as it is.
        training: Whether to do anything. Defaults to True outside of models.

    Raises:
        TypeError, ValueError: an argument is out of its range, the series have the wrong rank, or hold NaN.

    Reference:
        Um et al. 2017, Data Augmentation of Wearable Sensor Data for Parkinson's Disease Monitoring using Convolutional
        Neural Networks, section 2.2; Iwana and Uchida 2021, An empirical survey of data augmentation for time series
        classification with neural networks, for σ.

    Example:

    >>> series = np.ones((2, 3, 1), "float32")
    >>> Jitter(0.0)(series)[0, :, 0].numpy().tolist()
    [1.0, 1.0, 1.0]
    """

    RANGES = {"stddev": Interval(0, closed="left"), **PROBABILITY}  # noqa: RUF012
    # Keys of a hash: a number for each step would take longer to draw than to use.
    own_draws = 2

    def __init__(self, stddev: float = 0.03, **kwargs: Any):
        super().__init__(**kwargs)
        check_arguments(self.RANGES, stddev=stddev, probability=self.probability)
        self.stddev = stddev

    def transform(self, x, numbers, mask, ops):
        steps, features = ops.shape(x)[1:]
        noise = self.stddev * ops.reshape(hashed_noise(numbers, steps * features, ops), (-1, steps, features))
        return x + (noise if mask is None else ops.where(mask[..., None], noise, ops.zeros_like(noise)))

    def get_config(self):
        return {**super().get_config(), "stddev": self.stddev}
